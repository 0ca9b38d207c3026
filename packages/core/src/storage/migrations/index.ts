import type { DdlContext } from '../ddl.ts'
import { usersAndSessions } from './0001-users-and-sessions.ts'
import { notificationLog } from './0002-notification-log.ts'

/** One numbered step, forward only. Every statement is idempotent, because MySQL commits each one by itself. */
export interface Migration {
  readonly name: string
  statements(context: DdlContext): string[]
}

/** In order; a published migration is never edited, only followed. */
export const migrations: readonly Migration[] = [usersAndSessions, notificationLog]
