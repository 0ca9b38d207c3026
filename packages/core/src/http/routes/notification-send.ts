import { z } from 'zod'
import { FocusError } from '../../common/errors.ts'
import { mapInChunks } from '../../common/chunks.ts'
import { parseIsoTime } from '../../common/iso-time.ts'
import type { JsonValue } from '../../common/json.ts'
import { refuseDeep } from '../../notifications/nesting.ts'
import type { RepeatableIds } from '../../notifications/policies/idempotency.ts'
import type { Message } from '../../notifications/catalogue/composer.ts'
import type { Notifications } from '../../notifications/create-notifications.ts'
import type { Recipient } from '../../notifications/sending/recipients.ts'
import type { Delivery, Receipt } from '../../notifications/ports.ts'
import { shorten } from '../../common/text/shorten.ts'
import { readJsonObject } from '../request/body.ts'
import { json } from '../responses.ts'

/** What the routes need of the service, whatever its catalogue. */
export type NotificationBackend = Pick<
  Notifications,
  'cancel' | 'delete' | 'epoch' | 'idempotency' | 'inbox' | 'markRead' | 'prepare' | 'recipients' | 'rotateEpoch'
>

/** Roomy enough for data that is refused for its own size, which says more than a refusal of the body. */
const maxBodyBytes = 4 * 1_048_576

const userId = z.union([z.int(), z.string().min(1).max(320)])
const duration = z.union([z.number(), z.string()])
/** In UTC where it names no offset, as every time on the wire, wherever the server stands. */
const moment = z
  .string()
  .describe('ISO 8601, such as 2027-01-31T09:00Z; UTC where it names no offset.')
  .transform((text, { issues }) => {
    const ms = parseIsoTime(text)
    if (ms !== null) return new Date(ms)
    issues.push({ code: 'custom', input: text, message: 'expected an ISO 8601 time such as 2027-01-31T09:00:00Z' })
    return z.NEVER
  })

const address = {
  user_id: userId.optional(),
  user_ids: z.array(userId).min(1).max(1_000).optional(),
  user: z.string().min(1).max(320).optional().describe('An id, a username or an e-mail.'),
  users: z.array(z.string().min(1).max(320)).min(1).max(1_000).optional(),
  broadcast: z.boolean().optional(),
}

const delivery = {
  deliver_at: moment.optional(),
  expires_at: moment.optional(),
  dedupe: z.object({ key: z.string(), window: duration.optional() }).optional(),
  group: z
    .object({
      key: z.string(),
      window: duration.optional(),
      title: z.string().optional(),
      message: z.string().optional(),
    })
    .optional(),
  rate: z
    .object({
      key: z.string().optional(),
      limit: z.number(),
      window: duration,
      overflow: z.enum(['drop', 'group', 'defer']).optional(),
    })
    .optional(),
  critical: z.boolean().optional(),
  transports: z.array(z.string()).optional(),
  escalate: z
    .array(z.object({ after: duration, unless: z.literal('read'), to: z.string() }))
    .max(10)
    .optional(),
}

const content = z.object({
  ...address,
  ...delivery,
  notification_type: z.string().optional(),
  title: z.string(),
  message: z.string(),
  event: z.string().nullish(),
  data: z.record(z.string(), z.json()).nullish(),
})

const named = z.object({
  ...address,
  ...delivery,
  helper: z.string().optional().describe('`limit_warning` or `limitWarning`.'),
  name: z.string().optional(),
  params: z.record(z.string(), z.json()).default({}),
  locale: z.string().max(35).optional(),
})

/** What `POST /notifications` takes. */
export const sendBody = z.union([content, named])

type Address = z.infer<z.ZodObject<typeof address>>

/**
 * `POST /notifications`: sends what the body says to whom it names. Answers the receipt of one person, or `results` with
 * one for each; the same again for the same `Idempotency-Key` within 24 hours.
 */
export async function sendNotification(notifications: NotificationBackend, request: Request): Promise<Response> {
  const body = await readJsonObject(request, { maxBytes: maxBodyBytes })
  // Before the schemas, which call themselves for each level.
  for (const [name, value] of Object.entries(body)) refuseDeep(shorten(name, 100), value)
  const asked = 'helper' in body || 'name' in body ? readNamed(body) : readContent(body)
  const recipients = await findRecipients(notifications, asked.address)
  const send = (ids?: RepeatableIds) => sendToAll(notifications, recipients, asked.message, asked.several, ids)
  const key = request.headers.get('idempotency-key')
  return json(await (key === null ? send() : notifications.idempotency.run(key, body, send)))
}

async function sendToAll(
  notifications: NotificationBackend,
  recipients: readonly Recipient[] | 'everybody',
  message: Message,
  several: boolean,
  ids: RepeatableIds | undefined,
): Promise<JsonValue> {
  const sendTo = notifications.prepare(message)
  if (recipients === 'everybody') {
    return { ...(await sendTo(null, ids)), user_id: null, broadcast: true }
  }
  // All of them end before the call does: whoever repeats it must not meet what is still under way.
  const settled = await Promise.allSettled(
    recipients.map(async (recipient) => toAnswer(await sendTo(recipient, ids), recipient)),
  )
  const results = settled.map((result) => {
    if (result.status === 'rejected') throw result.reason
    return result.value
  })
  return several ? { results } : (results[0] ?? null)
}

function toAnswer(receipt: Receipt, { userId }: Recipient) {
  return { ...receipt, user_id: userId }
}

/** All of them are found before anything is sent, so that a misspelt name sends nothing. */
async function findRecipients(
  { recipients }: NotificationBackend,
  { user_id, user_ids, user, users, broadcast }: Address,
): Promise<Recipient[] | 'everybody'> {
  const addressed = [user_id, user_ids, user, users, broadcast || undefined].filter((value) => value !== undefined)
  if (addressed.length !== 1) {
    throw new FocusError('invalid_request', 'The body must name its recipients in exactly one way.', {
      hint: 'Send one of user_id, user_ids, user, users, or "broadcast": true.',
    })
  }
  if (broadcast) return 'everybody'
  const ids = user_ids ?? (user_id === undefined ? [] : [user_id])
  const names = users ?? (user === undefined ? [] : [user])
  const found = [
    ...(await mapInChunks(ids, (id) => recipients.require(id))),
    ...(await mapInChunks(names, (name) => recipients.search(name))),
  ]
  return [...new Map(found.map((recipient) => [recipient.userKey, recipient])).values()]
}

interface Asked {
  readonly address: Address
  readonly several: boolean
  readonly message: Message
}

function readContent(body: unknown): Asked {
  const asked = parse(content, body)
  const { notification_type: type, title, message, event, data } = asked
  return {
    address: asked,
    several: isForSeveral(asked),
    message: {
      content: {
        title,
        message,
        ...(type === undefined ? {} : { type }),
        ...(event ? { event } : {}),
        ...(data ? { data } : {}),
        ...readDelivery(asked),
      },
    },
  }
}

function readNamed(body: unknown): Asked {
  const asked = parse(named, body)
  const { helper, name = helper ?? '', params, locale } = asked
  return {
    address: asked,
    several: isForSeveral(asked),
    message: {
      name: camelCase(name),
      params: Object.fromEntries(
        Object.entries(params).map(([key, value]) => [paramName(camelCase(name), key), value]),
      ),
      options: { ...readDelivery(asked), ...(locale === undefined ? {} : { locale }) },
    },
  }
}

/** Parameters in snake_case or camelCase; the guide calls the activity of its helper `activity_data`. */
function paramName(helper: string, key: string): string {
  const name = camelCase(key)
  return helper === 'activityUpdate' && name === 'activityData' ? 'activity' : name
}

function isForSeveral({ user_ids, users }: Address): boolean {
  return user_ids !== undefined || users !== undefined
}

function readDelivery({ deliver_at, expires_at, ...rest }: z.infer<z.ZodObject<typeof delivery>>): Delivery {
  const { dedupe, group, rate, critical, transports, escalate } = rest
  return defined({
    dedupe,
    group,
    rate,
    critical,
    transports,
    escalate,
    deliverAt: deliver_at,
    expiresAt: expires_at,
  })
}

/** Without the fields that are undefined. */
function defined<T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const present: { [K in keyof T]?: Exclude<T[K], undefined> } = {}
  return Object.assign(present, Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)))
}

function camelCase(name: string): string {
  return name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())
}

function parse<T>(schema: z.ZodType<T>, body: unknown): T {
  const result = schema.safeParse(body)
  if (result.success) return result.data
  const [issue] = result.error.issues
  throw new FocusError('invalid_notification', `${issue?.path.join('.') || 'body'}: ${issue?.message}.`, {
    hint: 'Send title and message, or helper and params.',
  })
}
