import { FocusError } from '../../common/errors.ts'
import type { JsonObject } from '../../common/json.ts'
import type { UserKey } from '../../common/user-id.ts'
import type { Message } from '../catalogue/composer.ts'
import type { Escalation } from '../routing-port.ts'
import type { Policies } from '../policies/policy.ts'
import type { NotificationContent } from '../ports.ts'

/**
 * A notification that a caller's transaction stored. It is addressed, rendered and limited after the commit, because that
 * takes reads and locks that do not belong in a caller's transaction.
 */
export type PendingRequest = { readonly userKey: UserKey | null; readonly content: StoredContent } & (
  | { readonly name?: undefined }
  | { readonly name: string; readonly params: unknown; readonly locale?: string }
)

/** Content as JSON: times are milliseconds since 1970. */
interface StoredContent extends Policies {
  readonly type?: string
  readonly title?: string
  readonly message?: string
  readonly event?: string
  readonly data?: JsonObject
  readonly deliverAt?: number
  readonly expiresAt?: number
  readonly transports?: readonly string[]
  readonly escalate?: readonly Escalation[]
  readonly critical?: boolean
}

export function storeContent({ deliverAt, expiresAt, ...content }: Partial<NotificationContent>): StoredContent {
  return {
    ...content,
    ...(deliverAt === undefined ? {} : { deliverAt: deliverAt.getTime() }),
    ...(expiresAt === undefined ? {} : { expiresAt: expiresAt.getTime() }),
  }
}

function restoreContent({ deliverAt, expiresAt, ...content }: StoredContent): Partial<NotificationContent> {
  return {
    ...content,
    ...(deliverAt === undefined ? {} : { deliverAt: new Date(deliverAt) }),
    ...(expiresAt === undefined ? {} : { expiresAt: new Date(expiresAt) }),
  }
}

/** Returns the request of a message, to be composed later. */
export function toRequest(userKey: string | null, message: Message): PendingRequest {
  if ('content' in message) return { userKey, content: storeContent(message.content) }
  const { locale, idempotencyKey: _, ...overrides } = message.options ?? {}
  return {
    userKey,
    name: message.name,
    params: message.params,
    ...(locale === undefined ? {} : { locale }),
    content: storeContent(overrides),
  }
}

/** @throws FocusError `invalid_notification` for a text that is not a request: other programs may write the table too */
export function readRequest(json: string): PendingRequest {
  const request = parse(json)
  if (isRequest(request)) return request
  throw new FocusError('invalid_notification', 'A row of focus_pending holds no notification.', {
    hint: 'Insert what pendingInsert() returns, unchanged.',
  })
}

/** Returns undefined unless the text is JSON. */
function parse(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    return undefined
  }
}

/** The fields of the content are checked when it is composed. */
function isRequest(value: unknown): value is PendingRequest {
  if (!isRecord(value)) return false
  const { userKey, name, content } = value
  return (
    (userKey === null || typeof userKey === 'string') &&
    (name === undefined || typeof name === 'string') &&
    isRecord(content)
  )
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function toMessage(request: PendingRequest): Message {
  const content = restoreContent(request.content)
  if (request.name === undefined)
    return { content: { ...content, title: content.title ?? '', message: content.message ?? '' } }
  const { name, params, locale } = request
  return { name, params, options: { ...content, ...(locale === undefined ? {} : { locale }) } }
}
