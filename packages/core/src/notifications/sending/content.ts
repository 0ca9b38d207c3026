import { FocusError } from '../../common/errors.ts'
import { contentLimits } from '../content-limits.ts'
import type { LogEntry, MergedTexts } from '../log-entry-port.ts'
import { isNestedDeeperThan } from './nesting.ts'
import type { Routing } from '../routing-port.ts'
import { resolvePolicies } from '../policies/resolve-policies.ts'
import type { NotificationContent } from '../ports.ts'
import type { UserKey } from '../../common/user-id.ts'

export interface EntryContext {
  readonly id: string
  readonly userKey: UserKey | null
  /** Milliseconds since 1970. */
  readonly now: number
  /** Language of merged texts, and what they are filled with. */
  readonly locale: string
  readonly params?: MergedTexts['params']
}

/**
 * Checks what a caller wants to say and turns it into an entry of the log.
 *
 * @throws FocusError `invalid_notification`, `data_too_large`
 */
export function toLogEntry(
  content: NotificationContent,
  { id, userKey, now, locale, params = {} }: EntryContext,
): LogEntry {
  const event = content.event === undefined ? null : text('event', content.event, 1, contentLimits.eventLength)
  const deliverAt = moment('deliverAt', content.deliverAt)
  const expiresAt = moment('expiresAt', content.expiresAt)
  if (expiresAt !== null && expiresAt <= Math.max(now, deliverAt ?? 0)) {
    throw invalid('expiresAt: lies before the delivery.')
  }
  return {
    id,
    userKey,
    type: text('type', content.type ?? 'info', 1, contentLimits.typeLength),
    title: text('title', content.title, 1, contentLimits.titleLength),
    message: text('message', content.message, 0, contentLimits.messageLength),
    event,
    data: dataAsJson(content.data),
    createdAt: now,
    expiresAt,
    deliverAt: deliverAt !== null && deliverAt > now ? deliverAt : null,
    policies: content.critical ? null : resolvePolicies(content, { event, locale, params }),
    deliveries: [],
    routing: routingOf(content),
    source: null,
  }
}

function routingOf({ transports, escalate, critical }: NotificationContent): Routing | null {
  if (transports === undefined && escalate === undefined && critical === undefined) return null
  return {
    ...(transports === undefined ? {} : { transports }),
    ...(escalate === undefined ? {} : { escalate }),
    ...(critical === undefined ? {} : { critical }),
  }
}

function moment(name: string, date: unknown): number | null {
  if (date === undefined || date === null) return null
  const ms = date instanceof Date ? date.getTime() : NaN
  if (Number.isNaN(ms)) throw invalid(`${name}: expected a Date.`)
  return ms
}

function text(name: string, value: unknown, min: number, max: number): string {
  if (typeof value !== 'string') throw invalid(`${name}: expected a string, got ${describe(value)}.`)
  if (value.length < min) throw invalid(`${name}: must not be empty.`)
  if (value.length > max) throw invalid(`${name}: ${value.length} characters are more than ${max}.`)
  // A lone surrogate has no UTF-8 form: the database and the socket would each change it in their own way.
  if (!value.isWellFormed()) throw invalid(`${name}: is not valid Unicode.`)
  return value
}

function dataAsJson(data: unknown): string {
  if (data === undefined || data === null) return '{}'
  if (typeof data !== 'object' || Array.isArray(data)) throw invalid(`data: expected an object, got ${describe(data)}.`)
  const json = serialise(data)
  if (json === undefined || !json.startsWith('{')) throw invalid('data: does not become a JSON object.')
  const bytes = Buffer.byteLength(json)
  if (bytes > contentLimits.dataBytes) {
    throw new FocusError('data_too_large', `data: ${bytes} bytes of JSON are more than ${contentLimits.dataBytes}.`, {
      hint: 'Send an id or a link in data, and let the client load the rest.',
    })
  }
  // A level takes two characters at least. Looked at as JSON, because `toJSON` may hide or make levels.
  if (json.length > 2 * contentLimits.dataDepth) refuseDeep('data', JSON.parse(json))
  return json
}

/** @throws FocusError `invalid_notification` for a JSON value that is nested deeper than `data` may be */
export function refuseDeep(name: string, value: unknown): void {
  const { dataDepth } = contentLimits
  if (!isNestedDeeperThan(dataDepth, value)) return
  throw new FocusError('invalid_notification', `${name}: is nested more than ${dataDepth} levels deep.`, {
    hint: 'Send flatter data, or an id or a link and let the client load the rest.',
  })
}

function serialise(data: object): string | undefined {
  try {
    return JSON.stringify(data)
  } catch (error) {
    throw new FocusError('invalid_notification', `data: cannot be written as JSON (${(error as Error).message}).`, {
      hint: 'Pass plain data: no cycles, no BigInt.',
      cause: error,
    })
  }
}

function invalid(message: string): FocusError {
  return new FocusError('invalid_notification', message, {
    hint: 'title and message are strings; type, event and data are optional.',
  })
}

function describe(value: unknown): string {
  if (value === null) return 'null'
  return Array.isArray(value) ? 'an array' : typeof value
}
