import { z } from 'zod'

const timestamp = z.iso.datetime({ precision: 3 }).describe('ISO 8601, UTC.')
const ref = z.union([z.string(), z.number()]).optional().describe('The `ref` of the message that this one answers.')
const userId = z.union([z.string(), z.number()])
const position = z.object({ epoch: z.string(), offset: z.int() })
const streamName = z.literal('all').optional().describe('Present for the shared stream of broadcasts.')

const resumeReason = z
  .enum(['epoch_changed', 'position_lost', 'retention', 'too_far'])
  .optional()
  .describe('Why some events could not be recovered.')

/** Schemas of the messages of the server, by `type`. Clients ignore unknown types and fields. */
export const serverMessages = {
  connection: z
    .object({
      type: z.literal('connection'),
      message: z.string(),
      timestamp,
      protocol: z.literal(1),
      connection_id: z.string(),
      user_id: userId,
      heartbeat_interval: z.number().describe('Seconds.'),
      auth_expires_at: timestamp,
      stream: position.extend({ oldest: z.int().describe('Oldest offset in the log.') }),
      all: position,
      resume: z.object({ requested: z.boolean(), recovered: z.boolean(), reason: resumeReason }),
      unread_count: z.int(),
      state_rev: z.int(),
      limits: z.object({ max_message_bytes: z.int(), actions_per_minute: z.int() }),
      ref,
    })
    .describe('First message of an authenticated connection.'),
  heartbeat: z
    .object({
      type: z.literal('heartbeat'),
      timestamp,
      epoch: z.string(),
      offset: z.int().describe('Position of this connection: all events up to it were sent before.'),
      all: position,
      state_rev: z
        .int()
        .describe(
          'If it is larger than the last one seen, a `state` was missed or notifications have expired: reload the inbox.',
        ),
    })
    .describe('Every `heartbeat_interval` seconds.'),
  notification: z
    .object({
      type: z.literal('notification'),
      notification_type: z.string(),
      title: z.string(),
      message: z.string(),
      data: z.record(z.string(), z.json()),
      timestamp,
      id: z.string(),
      epoch: z.string(),
      offset: z.int(),
      stream: streamName,
      event: z.string().optional().describe('Topic that subscriptions filter on.'),
      count: z.int().describe('How many notifications were merged into this one.'),
      group_key: z.string().optional(),
      expires_at: timestamp.optional().describe('Do not show the notification after this time.'),
      replayed: z
        .literal(true)
        .optional()
        .describe('Present when the event is older than the connection, or answers `sync`.'),
    })
    .describe('A new or merged notification, in the order of its stream.'),
  error: z
    .object({
      type: z.literal('error'),
      message: z.string(),
      code: z.string(),
      hint: z.string().optional(),
      detail: z.string().optional().describe('The field that is wrong.'),
      ref,
      retry_after: z.number().optional().describe('Seconds.'),
    })
    .describe('The server refused a message; the connection stays open.'),
  pong: z
    .object({ type: z.literal('pong'), timestamp, client_timestamp: z.union([z.string(), z.number()]).optional(), ref })
    .describe('Answers `ping`.'),
  subscribed: z
    .object({
      type: z.literal('subscribed'),
      events: z.array(z.string()).describe('The topics in force.'),
      except: z
        .array(z.string())
        .optional()
        .describe('Present before the first `subscribe`: all topics except these are sent.'),
      ref,
    })
    .describe('Answers `subscribe` and `unsubscribe`.'),
  stats: z
    .object({
      type: z.literal('stats'),
      websocket_enabled: z.boolean(),
      active_users: z.int().describe('Users with a connection to any node.'),
      active_connections: z.int().describe('Of all nodes.'),
      your_connections: z.int().describe('Of all nodes; those on nodes with more than 1,000 users may be missing.'),
      ref,
    })
    .describe('Answers `get_stats`.'),
  gap: z
    .object({
      type: z.literal('gap'),
      from: z.int(),
      to: z.int(),
      reason: z.enum(['retention', 'too_far']),
      stream: streamName,
    })
    .describe('These offsets will not be sent; load the inbox.'),
  state: z
    .object({
      type: z.literal('state'),
      ids: z.array(z.string()),
      state: z.enum(['read', 'deleted']),
      unread_count: z.int(),
      state_rev: z.int(),
      offset: z
        .int()
        .describe('Head of the stream at the time of the change; later events are not affected and not counted.'),
      all_offset: z.int().describe('The same for the shared stream.'),
    })
    .describe('Notifications were read or deleted, on this connection, another one or over HTTP.'),
  read: z.object({ type: z.literal('read'), unread_count: z.int(), ref }).describe('Answers `read`.'),
  acked: z
    .object({ type: z.literal('acked'), offset: z.int(), stream: streamName, ref })
    .describe('Answers an `ack` that had a `ref`.'),
  resumed: z
    .object({
      type: z.literal('resumed'),
      recovered: z.boolean(),
      reason: resumeReason,
      stream: position,
      all: position,
      ref,
    })
    .describe('Answers `resume`; the missed notifications follow.'),
  synced: z
    .object({
      type: z.literal('synced'),
      offset: z.int().describe('All events up to it were sent; pass it as `since` to continue.'),
      more: z.boolean(),
      stream: streamName,
      ref,
    })
    .describe('Ends the answer to `sync`.'),
  authenticated: z
    .object({ type: z.literal('authenticated'), auth_expires_at: timestamp, ref })
    .describe('Answers `auth` on a connection that is already authenticated.'),
  auth_expiring: z
    .object({ type: z.literal('auth_expiring'), expires_at: timestamp })
    .describe('The token expires soon; send `auth` with a fresh one to stay connected.'),
  reconnect: z
    .object({
      type: z.literal('reconnect'),
      after_ms: z.int().describe('Milliseconds until the server closes this connection with 1012; connect again then.'),
    })
    .describe('The node is shutting down.'),
  close: z
    .object({ type: z.literal('close'), code: z.int(), reason: z.string() })
    .describe('Event stream only: the last message, with the close code that a WebSocket would get.'),
} as const

export type MessageType = keyof typeof serverMessages
export type ServerMessage = { [Type in MessageType]: z.infer<(typeof serverMessages)[Type]> }[MessageType]
export type ResumeReason = z.infer<typeof resumeReason>
