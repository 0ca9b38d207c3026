import type { ActionName, ClientAction } from '../src/realtime/protocol/actions.ts'
import type { MessageType, ServerMessage } from '../src/realtime/protocol/messages.ts'

const timestamp = '2026-03-14T10:30:00.000Z'

const client: { [Name in ActionName]: Extract<ClientAction, { action: Name }> } = {
  ping: { action: 'ping', timestamp: '2024-10-30T10:30:00', ref: '1' },
  subscribe: { action: 'subscribe', events: ['activities', 'challenges', 'limits'] },
  unsubscribe: { action: 'unsubscribe', events: ['activities'] },
  get_stats: { action: 'get_stats' },
  resume: { action: 'resume', epoch: 'k3f9', offset: 1287, all_offset: 7 },
  sync: { action: 'sync', since: 1200, limit: 50, ref: 's1' },
  ack: { action: 'ack', offset: 1288 },
  read: { action: 'read', ids: ['0198c0de-7a31-7c52-9d7e-3f1d2c4b5a69'] },
  auth: { action: 'auth', token: 'eyJ…' },
}

const server: { [Type in MessageType]: Extract<ServerMessage, { type: Type }> } = {
  connection: {
    type: 'connection',
    message: 'Connexion etablie avec succes',
    timestamp,
    protocol: 1,
    connection_id: 'web-1-5f3a9c02.1z',
    user_id: 123,
    heartbeat_interval: 30,
    auth_expires_at: '2026-03-14T11:30:00.000Z',
    stream: { epoch: 'k3f9', offset: 1287, oldest: 801 },
    all: { epoch: 'k3f9', offset: 7 },
    resume: { requested: true, recovered: true },
    unread_count: 4,
    state_rev: 31,
    limits: { max_message_bytes: 16_384, actions_per_minute: 120 },
  },
  heartbeat: {
    type: 'heartbeat',
    timestamp,
    epoch: 'k3f9',
    offset: 1287,
    all: { epoch: 'k3f9', offset: 7 },
    state_rev: 31,
  },
  notification: {
    type: 'notification',
    notification_type: 'warning',
    title: 'Limite bientot atteinte',
    message: 'Vous avez utilise 80% de votre limite pour Instagram',
    data: { app_name: 'Instagram', percentage: 80 },
    timestamp,
    id: '0198c0de-7a31-7c52-9d7e-3f1d2c4b5a69',
    epoch: 'k3f9',
    offset: 1288,
    event: 'limits',
    count: 1,
  },
  error: {
    type: 'error',
    message: 'Action inconnue',
    code: 'unknown_action',
    hint: 'Actions: ping, subscribe, …',
    ref: '7',
  },
  pong: { type: 'pong', timestamp, client_timestamp: '2024-10-30T10:30:00', ref: '1' },
  subscribed: { type: 'subscribed', events: ['activities', 'challenges', 'limits'] },
  stats: { type: 'stats', websocket_enabled: true, active_users: 15, active_connections: 18, your_connections: 2 },
  gap: { type: 'gap', from: 801, to: 1100, reason: 'retention' },
  state: {
    type: 'state',
    ids: ['0198c0de-7a31-7c52-9d7e-3f1d2c4b5a69'],
    state: 'read',
    unread_count: 4,
    state_rev: 32,
    offset: 1288,
    all_offset: 7,
  },
  read: { type: 'read', unread_count: 4 },
  acked: { type: 'acked', offset: 1288, ref: 'a1' },
  resumed: {
    type: 'resumed',
    recovered: true,
    stream: { epoch: 'k3f9', offset: 1288 },
    all: { epoch: 'k3f9', offset: 7 },
  },
  synced: { type: 'synced', offset: 1250, more: true, ref: 's1' },
  authenticated: { type: 'authenticated', auth_expires_at: '2026-03-14T12:30:00.000Z' },
  auth_expiring: { type: 'auth_expiring', expires_at: '2026-03-14T11:30:00.000Z' },
  reconnect: { type: 'reconnect', after_ms: 4211 },
  close: { type: 'close', code: 4503, reason: 'session revoked' },
}

/** One example of each message, for `PROTOCOL.md`. */
export const examples: {
  readonly client: Readonly<Record<string, ClientAction>>
  readonly server: Readonly<Record<string, ServerMessage>>
} = {
  client,
  server,
}
