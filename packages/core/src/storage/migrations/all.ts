import { usersAndSessions } from './0001-users-and-sessions.ts'
import { notificationLog } from './0002-notification-log.ts'
import { outbox } from './0010-outbox.ts'
import { merges } from './0011-merges.ts'
import { unlinkedIssuers } from './0012-unlinked-issuers.ts'
import { sessionAccounts } from './0013-session-accounts.ts'
import { waiting } from './0016-waiting.ts'
import { cluster } from './0017-cluster.ts'
import { logLayout } from './0018-log-layout.ts'
import type { MigrationStep } from './migration-step.ts'

/** All migrations in order. A published migration is never edited; add another one. */
export const migrations: readonly MigrationStep[] = [
  usersAndSessions,
  notificationLog,
  outbox,
  merges,
  unlinkedIssuers,
  sessionAccounts,
  waiting,
  cluster,
  logLayout,
]
