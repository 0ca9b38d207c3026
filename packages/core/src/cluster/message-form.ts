import { z } from 'zod'
import type { NotificationEvent } from '../notifications/ports.ts'
import type { BrokerMessage } from './broker-port.ts'

const text = z.string()
const key = z.string().max(191)
/** A name of up to 64 characters, and the id of a process. */
const nodeName = z.string().min(1).max(80)
const count = z.number().int().nonnegative()
const connection = z.object({
  id: key,
  userKey: key,
  node: nodeName,
  since: z.number(),
  transport: z.enum(['websocket', 'sse']),
  offset: count,
  lag: count,
  acknowledged: count,
})
const question = z.discriminatedUnion('ask', [
  z.object({ ask: z.literal('connections'), userKey: key.nullable(), limit: count.max(10_000) }),
  z.object({ ask: z.literal('close'), connectionId: key }),
])
const answer = z.discriminatedUnion('ask', [
  z.object({ ask: z.literal('connections'), connections: z.array(connection), total: count }),
  z.object({ ask: z.literal('close'), closed: z.boolean() }),
])
const sessionEnd = z.object({
  userKey: key,
  sessionId: key.nullable(),
  reason: z.enum(['logout', 'logout_all', 'reuse', 'revoked', 'user_disabled', 'unlinked', 'replaced']),
})
const state = z.object({
  userKey: key,
  ids: z.array(text),
  state: z.enum(['read', 'deleted']),
  unreadCount: count,
  stateRev: count,
  offset: count,
  allOffset: count,
})

/** Messages that are rare enough to be checked by a schema. */
const rareMessage = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('state'), userKey: key, event: state }),
  z.object({ kind: z.literal('session_end'), end: sessionEnd }),
  z.object({ kind: z.literal('user_changed'), userKey: key }),
  z.object({ kind: z.literal('keys_changed') }),
  z.object({ kind: z.literal('nodes_changed'), missed: z.boolean().optional() }),
  z.object({ kind: z.literal('spent'), spendings: z.array(z.tuple([text, text, count])) }),
  z.object({ kind: z.literal('question'), to: nodeName.nullable(), ref: key, question }),
  z.object({ kind: z.literal('answer'), to: nodeName, ref: key, answer, part: count, last: z.boolean() }),
])

/**
 * Returns whether a value from a broker is a message that this version understands. A broker is a server that others may write
 * to, and nodes of another version send kinds of their own: such messages are dropped, and what they told is read from the log.
 */
export function isBrokerMessage(value: unknown): value is BrokerMessage {
  if (!isObject(value) || !nodeName.safeParse(value['from']).success) return false
  if (value['kind'] !== 'notifications') return rareMessage.safeParse(value).success
  const { userKey, events } = value
  return (userKey === null || isKey(userKey)) && Array.isArray(events) && events.every((one) => isEvent(one, userKey))
}

/** Checks the fields that travel to clients, by hand: a node receives thousands of events per second. */
function isEvent(value: unknown, userKey: string | null): value is NotificationEvent {
  if (!isObject(value)) return false
  const { stream, epoch, offset, id, type, title, message, event, data, timestamp, count, groupKey, expiresAt } = value
  return (
    value['userKey'] === userKey &&
    stream === (userKey === null ? 'all' : 'user') &&
    isText(epoch) &&
    Number.isSafeInteger(offset) &&
    isKey(id) &&
    isKey(type) &&
    isText(title) &&
    isText(message) &&
    (event === null || isKey(event)) &&
    isObject(data) &&
    isTime(timestamp) &&
    Number.isSafeInteger(count) &&
    (groupKey === null || isText(groupKey)) &&
    (expiresAt === null || isTime(expiresAt))
  )
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isText(value: unknown): value is string {
  return typeof value === 'string'
}

function isKey(value: unknown): value is string {
  return typeof value === 'string' && value.length <= 191
}

/** Whether a time can be written as ISO 8601. */
function isTime(value: unknown): value is number {
  return typeof value === 'number' && Math.abs(value) <= 8.64e15
}
