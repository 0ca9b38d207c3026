import type { TableDefinition } from '../dialects/table-definition.ts'
import type { MigrationStep } from './migration-step.ts'

const tables: TableDefinition[] = [
  {
    // Notifications that a rate defers, first in, first out for each rate of a user.
    name: 'focus_deferred',
    columns: {
      user_key: { type: 'key', size: 191 },
      rate_key: { type: 'key', size: 191 },
      id: { type: 'key', size: 36 },
      entry: { type: 'text' },
    },
    primaryKey: ['user_key', 'rate_key', 'id'],
    indexes: [{ columns: ['id'], unique: true }],
  },
  {
    // When a rate has room again, and for how many notifications: one row per rate and user.
    name: 'focus_deferred_queues',
    columns: {
      user_key: { type: 'key', size: 191 },
      rate_key: { type: 'key', size: 191 },
      due_at: { type: 'integer' },
      room: { type: 'integer' },
      planned_at: { type: 'integer' },
    },
    primaryKey: ['user_key', 'rate_key'],
    indexes: [{ columns: ['due_at'] }, { columns: ['planned_at'] }],
  },
  {
    // Waiting rows that failed, apart from the others until they are tried again.
    name: 'focus_parked',
    columns: {
      id: { type: 'key', size: 36 },
      source: { type: 'key', size: 16 },
      content: { type: 'text' },
      attempts: { type: 'integer' },
      retry_at: { type: 'integer', nullable: true },
      reason: { type: 'text' },
      parked_at: { type: 'integer' },
    },
    primaryKey: ['id'],
    indexes: [{ columns: ['retry_at'] }, { columns: ['parked_at'] }],
  },
]

export const waiting: MigrationStep = {
  name: '0016-waiting',
  statements: (createTable) => tables.flatMap((table) => createTable(table)),
}
