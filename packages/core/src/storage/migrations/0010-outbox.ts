import type { TableDefinition } from '../dialects/table-definition.ts'
import type { MigrationStep } from './migration-step.ts'

const tables: TableDefinition[] = [
  {
    name: 'focus_outbox',
    columns: {
      id: { type: 'id' },
      transport: { type: 'key', size: 64 },
      lane: { type: 'key', size: 191, nullable: true },
      user_key: { type: 'key', size: 191 },
      notification_id: { type: 'key', size: 36 },
      offset: { type: 'integer' },
      payload: { type: 'text' },
      cancel_if: { type: 'key', size: 16, nullable: true },
      attempts: { type: 'integer', default: 0 },
      due_at: { type: 'integer', default: 0 },
      touched_at: { type: 'integer' },
      lease: { type: 'key', size: 36, nullable: true },
      delivered: { type: 'text', nullable: true },
      last_error: { type: 'text', nullable: true },
      dead_at: { type: 'integer', nullable: true },
      created_at: { type: 'integer' },
    },
    indexes: [
      { columns: ['transport', 'dead_at', 'due_at', 'id'] },
      { columns: ['transport', 'lane', 'dead_at', 'id'] },
      { columns: ['notification_id'] },
      { columns: ['user_key'] },
    ],
  },
  {
    name: 'focus_transport_states',
    columns: {
      name: { type: 'key', size: 64 },
      fingerprint: { type: 'key', size: 64 },
      reason: { type: 'text' },
      disabled_at: { type: 'integer' },
    },
    primaryKey: ['name'],
  },
  {
    name: 'focus_preferences',
    columns: {
      user_key: { type: 'key', size: 191 },
      event: { type: 'key', size: 191 },
      transport: { type: 'key', size: 64 },
      enabled: { type: 'integer' },
    },
    primaryKey: ['user_key', 'event', 'transport'],
  },
  {
    name: 'focus_locales',
    columns: { user_key: { type: 'key', size: 191 }, locale: { type: 'key', size: 35 } },
    primaryKey: ['user_key'],
  },
  {
    name: 'focus_push_subscriptions',
    columns: {
      // Endpoints may be longer than an index allows.
      endpoint_hash: { type: 'key', size: 64 },
      user_key: { type: 'key', size: 191 },
      endpoint: { type: 'text' },
      p256dh: { type: 'text' },
      auth: { type: 'text' },
      expires_at: { type: 'integer', nullable: true },
      created_at: { type: 'integer' },
    },
    primaryKey: ['endpoint_hash'],
    indexes: [{ columns: ['user_key', 'created_at'] }],
  },
]

export const outbox: MigrationStep = {
  name: '0010-outbox',
  statements: (createTable) => tables.flatMap((table) => createTable(table)),
}
