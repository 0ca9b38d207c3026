import { z } from 'zod'
import { durationMs } from '../../schema/duration.ts'
import { FocusError } from '../../common/errors.ts'
import type { JsonObject } from '../../common/json.ts'
import type { Clock } from '../../common/runtime.ts'
import type { Deliveries, TransportInfo } from '../../transports/outbox/focus-deliveries.ts'
import type { DeliveryFilter, DeliveryInfo } from '../../transports/outbox/outbox-port.ts'
import type { UserIdCodec, UserKey } from '../../common/user-id.ts'
import { readJsonObject } from '../request/body.ts'
import { queryValue } from '../request/query.ts'
import { json } from '../responses.ts'
import type { Route, RouteContext } from '../route.ts'

const state = z.enum(['waiting', 'leased', 'dead'])
const maxPageSize = 500

/** What `POST /admin/deliveries/retry` takes; all dead ones when it is empty. */
export const retryBody = z.object({
  ids: z.array(z.int().min(1)).min(1).max(1_000).optional(),
  state: state.optional(),
  transport: z.string().min(1).max(64).optional(),
  /** Id, username or e-mail. */
  user: z.union([z.string().min(1).max(320), z.int()]).optional(),
})

/** What `POST /admin/deliveries/purge` takes; all dead ones when it is empty. */
export const purgeBody = retryBody.extend({
  /** Only what has been dead for so long: milliseconds, or a text such as `7d`. */
  older_than: z.union([z.string(), z.number()]).optional(),
})

export interface DeliveryRoutesDeps {
  readonly deliveries: Deliveries
  /** @throws FocusError `unknown_user` */
  readonly findUser: (reference: string) => Promise<UserKey>
  readonly userIds: UserIdCodec
  readonly clock: Clock
}

/** What `focus deliveries` needs: the outbox, and the transports it goes to. */
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

  async function transports(): Promise<Response> {
    return json({ transports: (await deliveries.transports()).map(transportJson) })
  }

  async function enable({ params }: RouteContext): Promise<Response> {
    const name = params['name'] ?? ''
    await deliveries.enable(name)
    const all = await deliveries.transports()
    return json(all.filter((transport) => transport.name === name).map(transportJson)[0])
  }

  return [
    { method: 'GET', path: '/admin/deliveries', access: 'admin', handle: list },
    { method: 'POST', path: '/admin/deliveries/retry', access: 'admin', handle: retry },
    { method: 'POST', path: '/admin/deliveries/purge', access: 'admin', handle: purge },
    { method: 'GET', path: '/admin/transports', access: 'admin', handle: transports },
    { method: 'POST', path: '/admin/transports/:name/enable', access: 'admin', handle: enable },
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
    created_at: iso(delivery.createdAt),
    due_at: iso(delivery.dueAt),
    dead_at: iso(delivery.deadAt),
    last_error: delivery.lastError,
  }
}

function transportJson({ outcomes, ...transport }: TransportInfo): JsonObject {
  return {
    name: transport.name,
    configured: transport.configured,
    disabled_reason: transport.disabledReason,
    disabled_at: iso(transport.disabledAt),
    waiting: transport.waiting,
    leased: transport.leased,
    dead: transport.dead,
    oldest_waiting: iso(transport.oldestWaiting),
    delivered: outcomes.delivered,
    retried: outcomes.retried,
    skipped: outcomes.skipped,
    cancelled: outcomes.cancelled,
  }
}

function iso(time: number | null): string | null {
  return time === null ? null : new Date(time).toISOString()
}

function ageMs(value: string | number): number {
  try {
    return durationMs('older_than', value)
  } catch (error) {
    throw new FocusError('invalid_request', (error as Error).message, { hint: 'Give a text such as 12h or 7d.' })
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
    hint: 'Filter by ids, state (waiting, leased, dead), transport or user; without a filter all dead ones are meant.',
  })
}
