import type { TableDefinition } from '../dialects/table-definition.ts'
import type { MigrationStep } from './migration-step.ts'

/** Issuers whose accounts a user unlinked: an e-mail alone does not link an account of such an issuer again. */
const table: TableDefinition = {
  name: 'focus_unlinked_issuers',
  columns: {
    user_key: { type: 'key', size: 191 },
    issuer: { type: 'key', size: 255 },
    unlinked_at: { type: 'integer' },
  },
  primaryKey: ['user_key', 'issuer'],
}

export const unlinkedIssuers: MigrationStep = {
  name: '0012-unlinked-issuers',
  statements: (createTable) => createTable(table),
}
