import { z } from 'zod'
import { FocusError } from '../../common/errors.ts'
import { parseIsoTime } from '../../common/time/iso-time.ts'
import { shorten } from '../../common/text/shorten.ts'
import type { Message } from '../../notifications/catalogue/composer.ts'
import { refuseDeep } from '../../notifications/content/nesting.ts'
import type { Delivery } from '../../notifications/ports.ts'

const userId = z.union([z.int(), z.string().min(1).max(320)])
const duration = z.union([z.number(), z.string()])
/** Times without an offset are UTC, as all times on the wire, whatever the time zone of the server. */
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

/** The body of `POST /notifications`. */
export const sendBody = z.union([content, named])

export type Address = z.infer<z.ZodObject<typeof address>>

/** The checked body of `POST /notifications`. */
export interface SendRequest {
  readonly address: Address
  /** Whether the body names a list of users, and the response is a list of results. */
  readonly several: boolean
  readonly message: Message
}

/** @throws FocusError `invalid_notification` */
export function readSendRequest(body: Readonly<Record<string, unknown>>): SendRequest {
  // Before the schemas, which recurse for each level.
  for (const [name, value] of Object.entries(body)) refuseDeep(shorten(name, 100), value)
  return 'helper' in body || 'name' in body ? readNamed(body) : readContent(body)
}

function readContent(body: unknown): SendRequest {
  const request = parse(content, body)
  const { notification_type: type, title, message, event, data } = request
  return {
    address: request,
    several: isForSeveral(request),
    message: {
      content: {
        title,
        message,
        ...(type === undefined ? {} : { type }),
        ...(event ? { event } : {}),
        ...(data ? { data } : {}),
        ...readDelivery(request),
      },
    },
  }
}

function readNamed(body: unknown): SendRequest {
  const request = parse(named, body)
  const { helper, name = helper ?? '', params, locale } = request
  return {
    address: request,
    several: isForSeveral(request),
    message: {
      name: camelCase(name),
      params: Object.fromEntries(
        Object.entries(params).map(([key, value]) => [paramName(camelCase(name), key), value]),
      ),
      options: { ...readDelivery(request), ...(locale === undefined ? {} : { locale }) },
    },
  }
}

/** Returns the param of a key in snake_case or camelCase. The guide calls the param `activity` of its helper `activity_data`. */
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

/** Returns the fields that are not undefined. */
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
