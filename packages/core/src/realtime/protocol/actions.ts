import { z } from 'zod'
import type { WireErrorCode } from './protocol-errors.ts'

/** A value that is echoed. Long enough for a written date, which has up to 70 characters in French. */
const echoed = z.union([z.string().max(256), z.number()])

const ref = echoed.optional().describe('Echoed in the answer.')

const offset = z.int().min(0).max(Number.MAX_SAFE_INTEGER)
const stream = z.literal('all').optional().describe('The shared stream of broadcasts; the user’s own when absent.')

/** Longest topic in characters, as the log stores it. */
export const maxTopicLength = 191
const topics = z.array(z.string().min(1).max(maxTopicLength)).max(1_000)

/** Schemas of the messages of clients, by `action`. Unknown fields are ignored. */
export const clientActions = {
  ping: z
    .object({
      action: z.literal('ping'),
      timestamp: echoed.optional().describe('Echoed as `client_timestamp`.'),
      ref,
    })
    .describe('Tests the connection; answered by `pong`.'),
  subscribe: z
    .object({ action: z.literal('subscribe'), events: topics, ref })
    .describe(
      'From the first `subscribe` on, the server sends only notifications of the subscribed topics, and those without a topic.',
    ),
  unsubscribe: z
    .object({ action: z.literal('unsubscribe'), events: topics, ref })
    .describe('Unsubscribes from topics. Before the first `subscribe`, it excludes topics.'),
  get_stats: z.object({ action: z.literal('get_stats'), ref }).describe('Answered by `stats`.'),
  resume: z
    .object({
      action: z.literal('resume'),
      epoch: z.string().max(64),
      offset: offset.describe('Highest offset seen; later events are sent again.'),
      all_offset: offset.optional(),
      last_id: z.string().max(64).optional().describe('Id of the notification at `offset`.'),
      ref,
    })
    .describe('Replays the events after a position; answered by `resumed`, then the missed notifications.'),
  sync: z
    .object({ action: z.literal('sync'), since: offset, limit: z.int().min(1).max(1_000).optional(), stream, ref })
    .describe('Reads events after `since` that were sent before; answered by notifications, then `synced`.'),
  ack: z
    .object({ action: z.literal('ack'), offset, stream, ref })
    .describe('Telemetry: the client handled everything up to `offset`.'),
  read: z
    .object({
      action: z.literal('read'),
      ids: z.array(z.string().min(1).max(64)).min(1).max(500).optional(),
      up_to_offset: offset.optional(),
      stream,
      ref,
    })
    .refine((value) => (value.ids === undefined) !== (value.up_to_offset === undefined), {
      message: 'give either ids or up_to_offset',
    })
    .describe('Marks notifications as read, by id or up to an offset; all connections of the user get `state`.'),
  auth: z
    .object({ action: z.literal('auth'), token: z.string().min(1).max(8_192), ref })
    .describe('As the first message, signs in. Later, replaces the token with a fresh one of the same user.'),
} as const

export type ActionName = keyof typeof clientActions
export type ClientAction = { [Name in ActionName]: z.infer<(typeof clientActions)[Name]> }[ActionName]
export type Ref = string | number | undefined

export type ParsedAction =
  | { readonly ok: true; readonly action: ClientAction }
  | { readonly ok: false; readonly code: WireErrorCode; readonly detail?: string; readonly ref: Ref }

const schemas = new Map<string, z.ZodType<ClientAction>>(Object.entries(clientActions))

/** Parses one text message of a client. Never throws: a failure is returned as the code of an `error` message. */
export function parseAction(text: string): ParsedAction {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return { ok: false, code: 'invalid_json', ref: undefined }
  }
  if (typeof value !== 'object' || value === null || !('action' in value) || typeof value.action !== 'string') {
    return { ok: false, code: 'invalid_message', detail: 'action: expected a string', ref: refOf(value) }
  }
  const schema = schemas.get(value.action)
  if (!schema) return { ok: false, code: 'unknown_action', ref: refOf(value) }
  const parsed = schema.safeParse(value)
  if (parsed.success) return { ok: true, action: parsed.data }
  const issue = parsed.error.issues[0]
  const detail = issue ? `${issue.path.join('.') || value.action}: ${issue.message}` : value.action
  return { ok: false, code: 'invalid_message', detail, ref: refOf(value) }
}

/** Returns the `ref` of a message that is refused before it is parsed. */
export function parseRef(text: string): Ref {
  const parsed = parseAction(text)
  return parsed.ok ? parsed.action.ref : parsed.ref
}

/** Returns the `ref` of an invalid message, so that the client can match the error to its call. */
function refOf(value: unknown): Ref {
  if (typeof value !== 'object' || value === null || !('ref' in value)) return undefined
  const parsed = ref.safeParse(value.ref)
  return parsed.success ? parsed.data : undefined
}
