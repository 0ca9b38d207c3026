import type { TableDefinition } from '../dialects/table-definition.ts'
import type { MigrationStep } from './migration-step.ts'

const tables: TableDefinition[] = [
  {
    // One row for each running process. A row whose lease was not renewed belongs to a process that ended.
    name: 'focus_nodes',
    columns: {
      id: { type: 'id' },
      name: { type: 'key', size: 64 },
      address: { type: 'key', size: 191, nullable: true },
      version: { type: 'key', size: 64 },
      started_at: { type: 'integer' },
      renewed_at: { type: 'integer' },
      // 1 while the node has no way to what carries messages between the nodes.
      broker_away: { type: 'integer' },
      // Counts, which change often and are short, apart from the names of users.
      details: { type: 'text' },
      sample: { type: 'text' },
    },
    // No index on renewed_at: there are few rows, and each is written every few seconds.
  },
  {
    // What a node tells the others. Each lane of a node has one writer at a time, so its rows appear in the order of `seq`.
    name: 'focus_wake_ups',
    columns: {
      node: { type: 'integer' },
      lane: { type: 'integer' },
      seq: { type: 'integer' },
      content: { type: 'text' },
      created_at: { type: 'integer' },
    },
    primaryKey: ['node', 'lane', 'seq'],
    indexes: [{ columns: ['created_at'] }],
  },
]

export const cluster: MigrationStep = {
  name: '0017-cluster',
  statements: (createTable) => tables.flatMap((table) => createTable(table)),
}
