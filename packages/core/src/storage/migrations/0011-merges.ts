import type { TableDefinition } from '../dialects/table-definition.ts'
import type { MigrationStep } from './migration-step.ts'

/** The notification that an entry of a repeatable call joined, so that its repetition does not join again. */
const table: TableDefinition = {
  name: 'focus_merges',
  columns: {
    id: { type: 'key', size: 36 },
    target_id: { type: 'key', size: 36 },
    offset: { type: 'integer' },
    merged_at: { type: 'integer' },
  },
  primaryKey: ['id'],
  indexes: [{ columns: ['merged_at'] }],
}

export const merges: MigrationStep = {
  name: '0011-merges',
  statements: (createTable) => createTable(table),
}
