import type { BuiltInCatalogue } from '../../../src/notifications/catalogue/built-in-catalogue.ts'
import type { Definitions } from '../../../src/notifications/catalogue/definition.ts'
import type { NotificationLog } from '../../../src/notifications/log-port.ts'
import type { DirectoryUser, RecipientDirectory } from '../../../src/notifications/sending/recipients.ts'
import {
  createNotifications,
  type NotificationConfig,
  type Notifications,
} from '../../../src/notifications/create-notifications.ts'
import type { WithBuiltIn } from '../../../src/notifications/focus-notifications.ts'
import type { NotificationEvent, NotificationRouter, StateEvent } from '../../../src/notifications/ports.ts'
import { createRuntime, type Runtime } from '../../../src/common/runtime.ts'
import type { AnyKysely } from '../../../src/storage/dialects/any-kysely.ts'
import { type Database, openDatabase } from '../../../src/storage/database.ts'
import { type NotificationLogOptions, openNotificationLog } from '../../../src/storage/log/notification-log.ts'
import { migrateToLatest } from '../../../src/storage/migrations/migrate.ts'

/** A directory of users with the ids 1 to 100. */
export const people: RecipientDirectory = {
  parseId: Number,
  get: async (id) => person(Number(id)),
  findByUsername: async (name) => (name.startsWith('user') ? person(Number(name.slice(4))) : null),
  findByEmail: async (email) => person(Number(/^user(\d+)@example\.com$/.exec(email)?.[1])),
}

function person(id: number): DirectoryUser | null {
  return id >= 1 && id <= 100 ? { id, locale: id % 2 === 0 ? 'en' : null, emailVerified: true, createdAt: 0 } : null
}

export interface Node<Catalogue = BuiltInCatalogue> {
  readonly notifications: Notifications<Catalogue>
  readonly log: NotificationLog
  readonly database: Database
  /** In the order of publishing. */
  readonly events: NotificationEvent[]
  readonly states: StateEvent[]
  close(): Promise<void>
}

export interface NodeOptions<Extra extends Definitions = Definitions> {
  readonly catalogue?: Extra
  readonly runtime?: Partial<Runtime>
  readonly config?: Partial<NotificationConfig>
  readonly log?: NotificationLogOptions
  readonly users?: RecipientDirectory
  readonly router?: NotificationRouter
}

/** Starts the notifications of one process on a database. */
export async function startNode<Extra extends Definitions = Definitions>(
  source: string | AnyKysely,
  options: NodeOptions<Extra> = {},
): Promise<Node<WithBuiltIn<Extra>>> {
  const database = await openDatabase(source)
  await migrateToLatest(database)
  const runtime = createRuntime(options.runtime)
  const events: NotificationEvent[] = []
  const states: StateEvent[] = []
  const log = await openNotificationLog(database, runtime, options.log)
  const notifications = createNotifications({
    config: { locale: 'fr', unknownUsers: 'refuse', ...options.config },
    runtime,
    log,
    publisher: {
      notificationsCommitted: (batch) => events.push(...batch),
      stateChanged: (event) => states.push(event),
    },
    users: options.users ?? people,
    ...(options.catalogue && { catalogue: options.catalogue }),
    ...(options.router && { router: options.router }),
  })
  return {
    notifications,
    log,
    database,
    events,
    states,
    close: async () => {
      await notifications.close()
      await database.close()
    },
  }
}
