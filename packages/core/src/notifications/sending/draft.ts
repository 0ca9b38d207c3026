import { FocusError } from '../../common/errors.ts'
import type { ComposedMessage } from '../catalogue/composer.ts'
import { contentLimits } from '../content/content-limits.ts'
import type { LogEntry } from '../log-entry-port.ts'
import { refuseDeep } from '../content/nesting.ts'
import { resolvePolicies } from '../policies/resolve-policies.ts'
import type { NotificationContent } from '../ports.ts'
import type { Routing } from '../routing-port.ts'
import { isStorable } from '../../common/text/storable.ts'

/** A checked notification without a recipient. Its JSON and policies are made once, for all recipients of its language. */
export type Draft = Omit<
  LogEntry,
  'id' | 'userKey' | 'createdAt' | 'deliveries' | 'unlessMuted' | 'source' | 'repeatable'
>

/** The parts of an entry that each recipient has for themselves. */
export interface EntryAddress extends Pick<LogEntry, 'id' | 'userKey'> {
  /** Milliseconds since 1970. */
  readonly now: number
}

/**
 * Checks the content of a notification, apart from what depends on the current time: a repeated call gets its answer after
 * its notification has expired too.
 *
 * @throws FocusError `invalid_notification`, `data_too_large`
 */
export function draftOf({ content, locale, params = {} }: ComposedMessage): Draft {
  const event = content.event === undefined ? null : text('event', content.event, 1, contentLimits.eventLength)
  const deliverAt = moment('deliverAt', content.deliverAt)
  const expiresAt = moment('expiresAt', content.expiresAt)
  if (expiresAt !== null && expiresAt <= Math.max(0, deliverAt ?? 0)) throw expiredBeforeDelivery()
  return {
    type: text('type', content.type ?? 'info', 1, contentLimits.typeLength),
    title: text('title', content.title, 1, contentLimits.titleLength),
    message: text('message', content.message, 0, contentLimits.messageLength),
    event,
    data: dataAsJson(content.data),
    expiresAt,
    deliverAt,
    policies: content.critical ? null : resolvePolicies(content, { event, locale, params }),
    routing: routingOf(content),
  }
}

/**
 * Makes the log entry of one recipient.
 *
 * @throws FocusError `invalid_notification` for a notification that has expired
 */
export function addressDraft(draft: Draft, { id, userKey, now }: EntryAddress): LogEntry {
  const { deliverAt, expiresAt } = draft
  if (expiresAt !== null && expiresAt <= now) throw expiredBeforeDelivery()
  return {
    id,
    userKey,
    type: draft.type,
    title: draft.title,
    message: draft.message,
    event: draft.event,
    data: draft.data,
    createdAt: now,
    expiresAt,
    deliverAt: deliverAt !== null && deliverAt > now ? deliverAt : null,
    policies: draft.policies,
    deliveries: [],
    routing: draft.routing,
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
  // A lone surrogate has no UTF-8 form: the database and the socket would each replace it in their own way.
  if (!value.isWellFormed()) throw invalid(`${name}: is not valid Unicode.`)
  if (!isStorable(value)) throw invalid(`${name}: contains the character U+0000.`)
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
  // A level takes at least two characters. Checked in the JSON, because `toJSON` may remove or add levels.
  if (json.length > 2 * contentLimits.dataDepth) refuseDeep('data', JSON.parse(json))
  return json
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

function expiredBeforeDelivery(): FocusError {
  return invalid('expiresAt: lies before the delivery.')
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
