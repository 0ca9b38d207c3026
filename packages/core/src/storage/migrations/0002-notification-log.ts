import { createTable, type Table } from '../ddl.ts'
import type { Migration } from './index.ts'

const tables: Table[] = [
  {
    name: 'focus_streams',
    columns: {
      user_key: { type: 'key', size: 191 },
      head: { type: 'integer', default: 0 },
      oldest: { type: 'integer', default: 1 },
      unread: { type: 'integer', default: 0 },
      state_rev: { type: 'integer', default: 0 },
      all_from: { type: 'integer', default: 0 },
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
      created_at: { type: 'integer' },
      read_at: { type: 'integer', nullable: true },
    },
    primaryKey: ['user_key', 'offset'],
    indexes: [{ columns: ['id'], unique: true }],
  },
]

export const notificationLog: Migration = {
  name: '0002-notification-log',
  statements: (context) => tables.flatMap((table) => createTable(table, context)),
}
