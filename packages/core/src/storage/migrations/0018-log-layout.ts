import type { TableDefinition } from '../dialects/table-definition.ts'
import type { MigrationStep } from './migration-step.ts'
import { moveTable } from './sqlite-table-move.ts'

/**
 * `focus_notifications` of SQLite as a log: rows lie in the order of their insertion, and the keys in indexes. In the order of the
 * primary key, each row of another user changed another page, and the WAL got a page of 4 KB for each row.
 */
const log: TableDefinition = {
  name: 'focus_notifications_log',
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
  order: 'insertion',
  indexes: [{ columns: ['id'], unique: true }],
}

/**
 * MySQL and MariaDB keep every table in the order of its primary key, and PostgreSQL every table in the order of insertion: their
 * tables stay as they are.
 */
export const logLayout: MigrationStep = {
  name: '0018-log-layout',
  statements: () => [],
  moves: {
    // Ids start with the time of their notification, so that rows of one time lie together.
    sqlite: moveTable({
      from: 'focus_notifications',
      indexes: ['focus_notifications_by_id'],
      to: log,
      along: 'id',
      label: 'notification log',
    }),
  },
}
