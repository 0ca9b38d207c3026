import type { TableDefinition } from '../dialects/table-definition.ts'
import type { MigrationStep } from './migration-step.ts'

/** The account that a session was started with, so that the session ends when the account is unlinked. */
const table: TableDefinition = {
  name: 'focus_session_accounts',
  columns: {
    session_id: { type: 'key', size: 64 },
    account_id: { type: 'key', size: 64 },
  },
  primaryKey: ['session_id'],
  indexes: [{ columns: ['account_id'] }],
}

export const sessionAccounts: MigrationStep = {
  name: '0013-session-accounts',
  statements: (createTable) => createTable(table),
}
