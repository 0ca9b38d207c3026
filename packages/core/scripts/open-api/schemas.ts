import { z } from 'zod'
import { serverMessages } from '../../src/realtime/protocol/messages.ts'

const time = z.iso.datetime().describe('ISO 8601, UTC.')
const userId = z
  .union([z.int(), z.string()])
  .describe("A number with Focus' own directory, whatever the application's says otherwise.")

const user = z.object({
  id: userId,
  username: z.string(),
  email: z.string().nullable(),
  full_name: z.string().nullable(),
  avatar_url: z.string().nullable(),
})

const tokens = z.object({
  access_token: z.string().describe('JWT by RFC 9068.'),
  refresh_token: z.string().optional().describe('Works once. Absent where a cookie carries it.'),
  token_type: z.literal('bearer'),
  expires_in: z.int().describe('Seconds until the access token ends.'),
  user,
})

const session = z.object({
  id: z.string(),
  provider: z.string(),
  user_agent: z.string().nullable(),
  ip: z.string().nullable(),
  created_at: time,
  last_used_at: time,
  expires_at: time,
  current: z.boolean().describe('The session of the token that asks.'),
})

const account = z.object({ id: z.string(), provider: z.string(), issuer: z.string(), subject: z.string() })

const notification = serverMessages.notification.omit({ replayed: true }).extend({ read_at: time.nullable() })

const receipt = z.object({
  outcome: z.enum(['created', 'merged', 'pending', 'scheduled', 'deferred', 'suppressed']),
  id: z.string().optional(),
  offset: z.int().optional(),
  reason: z.enum(['duplicate', 'rate', 'preference', 'expired']).optional().describe('Why it was suppressed.'),
  user_id: userId.nullable(),
})

const signingKey = z.object({
  kid: z.string(),
  alg: z.string(),
  state: z.string(),
  created_at: time,
  activates_at: time,
  retires_at: time.nullable(),
})

const adminUser = user.extend({
  email_verified: z.boolean(),
  locale: z.string().nullable(),
  disabled: z.boolean(),
})

export const preferenceMatrix = z
  .record(z.string(), z.record(z.string(), z.boolean()))
  .describe('By topic, then by transport; `*` stands for every topic, and for every transport with the inbox.')

const delivery = z.object({
  id: z.int(),
  transport: z.string(),
  user_id: userId.nullable().describe('Null for a broadcast.'),
  notification_id: z.string(),
  offset: z.int(),
  idempotency_key: z.string(),
  event: z.string().nullable(),
  title: z.string(),
  state: z.enum(['waiting', 'leased', 'dead']),
  attempts: z.int(),
  unless: z.literal('read').nullable().describe('Cancelled when this came true: it is an escalation.'),
  created_at: time,
  due_at: time.nullable(),
  dead_at: time.nullable(),
  last_error: z.string().nullable(),
})

const transport = z.object({
  name: z.string(),
  configured: z.boolean().describe('False for a name that only the outbox still knows.'),
  disabled_reason: z.string().nullable().describe('Why its peer switched it off.'),
  disabled_at: time.nullable(),
  waiting: z.int(),
  leased: z.int(),
  dead: z.int(),
  oldest_waiting: time.nullable(),
  delivered: z.int().describe('This and the following: since the start of the node that answers.'),
  retried: z.int(),
  skipped: z.int(),
  cancelled: z.int(),
})

/** Response bodies by their name in `openapi.json`. `test/http/open-api.test.ts` validates real responses with them. */
export const schemas = {
  Problem: z
    .object({
      type: z.string().describe('`urn:focus:problem:<code>`'),
      title: z.string(),
      status: z.int(),
      detail: z.string(),
      code: z.string().describe('Stable; docs/errors.md lists all of them.'),
      hint: z.string().optional().describe('What to do about it.'),
      error: z.string().optional().describe('On token routes: RFC 6749 §5.2.'),
      error_description: z.string().optional(),
    })
    .describe('RFC 9457.'),
  AuthorizationUrl: z.object({ authorization_url: z.url(), state: z.string() }),
  Tokens: tokens,
  User: user,
  Sessions: z.object({ sessions: z.array(session) }),
  Accounts: z.object({ accounts: z.array(account) }),
  Linked: z.object({ linked: z.string(), user }),
  Nonce: z.object({ nonce: z.string(), expires_in: z.int() }),
  Jwks: z.object({
    keys: z.array(z.looseObject({ kty: z.string(), kid: z.string(), alg: z.string(), use: z.literal('sig') })),
  }),
  Inbox: z.object({
    notifications: z.array(notification),
    next_before: z.string().nullable().describe('Opaque; null at the end.'),
    unread_count: z.int(),
    offset: z.int().describe('Head of the stream when the unread were counted.'),
    all_offset: z.int().describe('The same of the shared stream.'),
    state_rev: z
      .int()
      .describe('As in the messages of the WebSocket: a larger one there means that this page is out of date.'),
  }),
  AdminNotifications: z.object({
    notifications: z.array(
      z.object({
        id: z.string(),
        user_id: userId.nullable().describe('Null for a broadcast.'),
        offset: z.int(),
        notification_type: z.string(),
        title: z.string(),
        event: z.string().nullable(),
        count: z.int().describe('Number of notifications merged into it.'),
        created_at: time,
        read_at: time.nullable().describe('For broadcasts only in the inbox of one user.'),
      }),
    ),
  }),
  Sent: z.union([
    receipt.extend({ broadcast: z.literal(true).optional() }),
    z.object({ results: z.array(receipt) }).describe('For `user_ids` and `users`.'),
  ]),
  UnreadCount: z.object({ unread_count: z.int() }),
  Epoch: z.object({ epoch: z.string() }),
  Ticket: z.object({ ticket: z.string(), expires_in: z.int() }),
  Stats: z.object({
    websocket_enabled: z.boolean(),
    active_users: z.int(),
    active_connections: z.int(),
    connected_user_ids: z.array(userId).max(1_000),
    nodes: z.int(),
    rates: z.record(z.string(), z.number()).describe('Per second.'),
  }),
  Connections: z.object({
    connections: z.array(
      z.object({
        id: z.string(),
        user_id: userId,
        node: z.string(),
        since: time,
        transport: z.enum(['websocket', 'sse']),
        offset: z.int(),
        lag: z.int(),
        acknowledged: z.int(),
      }),
    ),
    total: z.int().describe('Connections of the nodes that answered.'),
    truncated: z.boolean().describe('Whether there are more connections than are listed.'),
    missing_nodes: z
      .array(z.string())
      .describe('Nodes that did not answer within two seconds; their connections are missing.'),
  }),
  Nodes: z.object({
    broker: z.object({ kind: z.enum(['memory', 'database', 'redis', 'own']), connected: z.boolean() }),
    clock_difference_ms: z
      .number()
      .nullable()
      .describe('How far the clock of the database is ahead of that of the answering node.'),
    nodes: z.array(
      z.object({
        name: z.string(),
        answering: z.boolean().describe('Whether this node answers the request.'),
        address: z.string().nullable(),
        version: z.string(),
        started_at: time,
        users: z.int(),
        connections: z.int(),
        rates: z.record(z.string(), z.number()).describe('Per second.'),
      }),
    ),
  }),
  AdminUsers: z.object({ users: z.array(adminUser), next_after: z.string().nullable() }),
  AdminUser: adminUser,
  AdminUserDetails: adminUser.extend({ accounts: z.array(account), sessions: z.array(session) }),
  AdminSessions: z.object({ user: adminUser, sessions: z.array(session) }),
  Revoked: z.object({ revoked: z.int() }),
  SigningKeys: z.object({ keys: z.array(signingKey) }),
  SigningKey: signingKey,
  Preferences: z.object({
    locale: z.string().nullable(),
    preferences: preferenceMatrix,
    topics: z.array(z.string()).describe('Those of the catalogue; others can be chosen as well.'),
    transports: z.array(z.string()),
  }),
  PushSubscriptions: z.object({ public_key: z.string(), subscriptions: z.array(z.object({ endpoint: z.url() })) }),
  PushSubscription: z.object({ endpoint: z.url() }),
  Deliveries: z.object({ deliveries: z.array(delivery), next_after: z.int().nullable() }),
  Retried: z.object({ retried: z.int() }),
  Purged: z.object({ purged: z.int() }),
  Transports: z.object({ transports: z.array(transport) }),
  Transport: transport,
  Client: z.object({
    address: z.string().nullable().describe('Null where the peer has none.'),
    forwarded: z.enum(['none', 'used', 'ignored']).describe('`ignored`: FOCUS_TRUSTED_PROXIES does not name the peer.'),
  }),
  Health: z.object({ status: z.literal('ok') }),
  Readiness: z.union([
    z.object({ status: z.literal('ready') }),
    z
      .object({ status: z.literal('degraded'), broker: z.literal('away') })
      .describe('Ready, but messages of other nodes may be lost: notifications of other nodes arrive within a second.'),
  ]),
} as const satisfies Record<string, z.ZodType>

export type SchemaName = keyof typeof schemas
