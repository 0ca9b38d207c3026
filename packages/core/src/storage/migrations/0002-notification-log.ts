import type { TableDefinition } from '../dialects/table-definition.ts'
import type { MigrationStep } from './migration-step.ts'

/** The stream whose owner is the empty string is the shared stream of broadcasts. */
const tables: TableDefinition[] = [
  {
    name: 'focus_streams',
    columns: {
      user_key: { type: 'key', size: 191 },
      head: { type: 'integer', default: 0 },
      oldest: { type: 'integer', default: 1 },
      unread: { type: 'integer', default: 0 },
      state_rev: { type: 'integer', default: 0 },
      all_from: { type: 'integer', nullable: true },
      all_read: { type: 'integer', default: 0 },
      all_read_at: { type: 'integer', nullable: true },
      created_at: { type: 'integer' },
    },
    primaryKey: ['user_key'],
  },
  {
    name: 'focus_notifications',
    columns: {
      user_key: { type: 'key', size: 191 },
      offset: { type: 'integer' },
      id: { type: 'key', size: 36 },
      event: { type: 'key', size: 191, nullable: true },
      type: { type: 'key', size: 64 },
      title: { type: 'text' },
      message: { type: 'text' },
      data: { type: 'text' },
      count: { type: 'integer', default: 1 },
      group_key: { type: 'key', size: 191, nullable: true },
      created_at: { type: 'integer' },
      expires_at: { type: 'integer', nullable: true },
      read_at: { type: 'integer', nullable: true },
    },
    primaryKey: ['user_key', 'offset'],
    indexes: [{ columns: ['id'], unique: true }],
  },
  {
    // Read and deleted broadcasts of one user above the high-water mark `all_read`.
    name: 'focus_broadcast_states',
    columns: {
      user_key: { type: 'key', size: 191 },
      offset: { type: 'integer' },
      read_at: { type: 'integer', nullable: true },
      deleted_at: { type: 'integer', nullable: true },
    },
    primaryKey: ['user_key', 'offset'],
    indexes: [{ columns: ['offset'] }],
  },
  // The state of policies, in narrow tables that only notifications with a policy use.
  {
    name: 'focus_dedupe',
    columns: {
      user_key: { type: 'key', size: 191 },
      dedupe_key: { type: 'key', size: 191 },
      expires_at: { type: 'integer' },
    },
    primaryKey: ['user_key', 'dedupe_key'],
    indexes: [{ columns: ['expires_at'] }],
  },
  {
    name: 'focus_groups',
    columns: {
      user_key: { type: 'key', size: 191 },
      group_key: { type: 'key', size: 191 },
      id: { type: 'key', size: 36 },
      expires_at: { type: 'integer' },
    },
    primaryKey: ['user_key', 'group_key'],
    indexes: [{ columns: ['expires_at'] }],
  },
  {
    name: 'focus_rates',
    columns: {
      user_key: { type: 'key', size: 191 },
      rate_key: { type: 'key', size: 191 },
      times: { type: 'text' },
      expires_at: { type: 'integer' },
    },
    primaryKey: ['user_key', 'rate_key'],
    indexes: [{ columns: ['expires_at'] }],
  },
  {
    name: 'focus_scheduled',
    columns: {
      id: { type: 'key', size: 36 },
      due_at: { type: 'integer' },
      entry: { type: 'text' },
    },
    primaryKey: ['id'],
    indexes: [{ columns: ['due_at'] }],
  },
  {
    // Notifications that callers wrote in their own transactions, until they get an offset.
    name: 'focus_pending',
    columns: {
      id: { type: 'key', size: 36 },
      request: { type: 'text' },
      created_at: { type: 'integer' },
    },
    primaryKey: ['id'],
  },
  {
    name: 'focus_expiries',
    columns: {
      expires_at: { type: 'integer' },
      id: { type: 'key', size: 36 },
    },
    primaryKey: ['expires_at', 'id'],
  },
  {
    // One row per committed batch: a committer that lost its connection during COMMIT looks it up.
    name: 'focus_commits',
    columns: {
      id: { type: 'key', size: 36 },
      attempt: { type: 'integer' },
      committed_at: { type: 'integer' },
    },
    primaryKey: ['id'],
    indexes: [{ columns: ['committed_at'] }],
  },
]

export const notificationLog: MigrationStep = {
  name: '0002-notification-log',
  statements: (createTable) => tables.flatMap((table) => createTable(table)),
}
