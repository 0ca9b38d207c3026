import { z } from 'zod'
import { durationMs } from '../../../schema/duration.ts'
import { FocusError } from '../../../common/errors.ts'
import type { JsonObject } from '../../../common/json.ts'
import type { Clock } from '../../../common/runtime.ts'
import type { Deliveries } from '../../../transports/outbox/focus-deliveries.ts'
import type { DeliveryFilter, DeliveryInfo } from '../../../transports/outbox/outbox-port.ts'
import { isoTimestampOrNull } from '../../../wire/iso-timestamp.ts'
import type { UserIdCodec, UserKey } from '../../../common/user-id.ts'
import { readJsonObject } from '../../request/body.ts'
import { queryValue } from '../../request/query.ts'
import { json } from '../../responses.ts'
import type { Route, RouteContext } from '../../route.ts'

const state = z.enum(['waiting', 'leased', 'dead'])
const maxPageSize = 500

/** The body of `POST /admin/deliveries/retry`. An empty one selects all dead deliveries. */
export const retryBody = z.object({
  ids: z.array(z.int().min(1)).min(1).max(1_000).optional(),
  state: state.optional(),
  transport: z.string().min(1).max(64).optional(),
  /** Id, username or e-mail. */
  user: z.union([z.string().min(1).max(320), z.int()]).optional(),
})

/** The body of `POST /admin/deliveries/purge`. An empty one selects all dead deliveries. */
export const purgeBody = retryBody.extend({
  /** Selects deliveries that have been dead for this long: milliseconds, or a string such as `7d`. */
  older_than: z.union([z.string(), z.number()]).optional(),
})

export interface DeliveryRoutesDeps {
  readonly deliveries: Deliveries
  /** @throws FocusError `unknown_user` */
  readonly findUser: (reference: string) => Promise<UserKey>
  readonly userIds: UserIdCodec
  readonly clock: Clock
}

/** Lets operators list, retry and remove deliveries. */
export function deliveryRoutes({ deliveries, findUser, userIds, clock }: DeliveryRoutesDeps): Route[] {
  async function list({ url }: RouteContext): Promise<Response> {
    const wanted = queryValue(url, 'state', 16)
    const transport = queryValue(url, 'transport', 64)
    const user = queryValue(url, 'user', 320)
    const limit = wholeNumber(url, 'limit', maxPageSize)
    const after = wholeNumber(url, 'after', Number.MAX_SAFE_INTEGER)
    const page = await deliveries.list({
      ...(wanted === null ? {} : { state: parse(state, wanted, 'state') }),
      ...(transport === null ? {} : { transport }),
      ...(user === null ? {} : { userKey: await findUser(user) }),
      ...(limit === null ? {} : { limit }),
      ...(after === null ? {} : { after }),
    })
    return json({
      deliveries: page.deliveries.map((delivery) => deliveryJson(delivery, userIds)),
      next_after: page.nextAfter,
    })
  }

  async function filterOf(body: z.infer<typeof retryBody>): Promise<DeliveryFilter> {
    return {
      ...(body.ids === undefined ? {} : { ids: body.ids }),
      ...(body.state === undefined ? {} : { state: body.state }),
      ...(body.transport === undefined ? {} : { transport: body.transport }),
      ...(body.user === undefined ? {} : { userKey: await findUser(String(body.user)) }),
    }
  }

  async function retry({ request }: RouteContext): Promise<Response> {
    const body = parse(retryBody, await readJsonObject(request), 'body')
    return json({ retried: await deliveries.retry(await filterOf(body)) })
  }

  async function purge({ request }: RouteContext): Promise<Response> {
    const { older_than: olderThan, ...body } = parse(purgeBody, await readJsonObject(request), 'body')
    const filter = await filterOf(body)
    const age = olderThan === undefined ? {} : { deadBefore: clock() - ageMs(olderThan) }
    return json({ purged: await deliveries.purge({ ...filter, ...age }) })
  }

  return [
    { method: 'GET', path: '/admin/deliveries', access: 'admin', handle: list },
    { method: 'POST', path: '/admin/deliveries/retry', access: 'admin', handle: retry },
    { method: 'POST', path: '/admin/deliveries/purge', access: 'admin', handle: purge },
  ]
}

function deliveryJson(delivery: DeliveryInfo, userIds: UserIdCodec): JsonObject {
  return {
    id: delivery.id,
    transport: delivery.transport,
    user_id: delivery.userKey === null ? null : userIds.fromKey(delivery.userKey),
    notification_id: delivery.notificationId,
    offset: delivery.offset,
    idempotency_key: `${delivery.notificationId}:${delivery.offset}`,
    event: delivery.event,
    title: delivery.title,
    state: delivery.state,
    attempts: delivery.attempts,
    unless: delivery.unless,
    created_at: isoTimestampOrNull(delivery.createdAt),
    due_at: isoTimestampOrNull(delivery.dueAt),
    dead_at: isoTimestampOrNull(delivery.deadAt),
    last_error: delivery.lastError,
  }
}

function ageMs(value: string | number): number {
  try {
    return durationMs('older_than', value)
  } catch (error) {
    throw new FocusError('invalid_request', (error as Error).message, { hint: 'Use a string such as 12h or 7d.' })
  }
}

function wholeNumber(url: URL, name: string, max: number): number | null {
  const text = queryValue(url, name, 16)
  if (text === null) return null
  const value = /^\d+$/.test(text) ? Number(text) : 0
  if (value >= 1 && value <= max) return value
  throw new FocusError('invalid_request', `${name} must be a whole number from 1 to ${max}.`)
}

function parse<T>(schema: z.ZodType<T>, value: unknown, what: string): T {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  const [issue] = result.error.issues
  throw new FocusError('invalid_request', `${issue?.path.join('.') || what}: ${issue?.message}.`, {
    hint: 'Filter by ids, state (waiting, leased, dead), transport or user. Without a filter, all dead deliveries are selected.',
  })
}
