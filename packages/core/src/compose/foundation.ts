import { AdmissionControl } from '../admission/admission-control.ts'
import { announcingDirectory } from '../auth/accounts/announcing-directory.ts'
import type { UserDirectory } from '../auth/accounts/user-directory-port.ts'
import { UserChanges } from '../common/users/user-changes.ts'
import type { Runtime } from '../common/runtime.ts'
import { stringUserIds, type UserIdCodec } from '../common/user-id.ts'
import { createClientAddressFinder } from '../net/addresses/client-address.ts'
import { createOriginPolicy, type OriginPolicy } from '../net/origin-policy.ts'
import type { Settings, UserSettings } from '../options/resolve.ts'
import { resolveFocusSecrets } from '../secrets/focus-secrets.ts'
import type { SingleUseStore } from '../secrets/single-use-port.ts'
import { type Database, openDatabase } from '../storage/database.ts'
import { migrateToLatest } from '../storage/migrations/migrate.ts'
import type { WorkClass } from '../storage/queue/work-class.ts'
import { KyselySingleUseStore } from '../storage/stores/single-use-store.ts'
import { KyselyUserDirectory } from '../storage/stores/user-directory.ts'
import { type Closable, openTogether } from './opening.ts'

/** The configuration of one Focus. */
export interface Configuration {
  readonly settings: Settings
  readonly runtime: Runtime
}

/** The parts that every room is built on. */
export interface Foundation extends Configuration {
  readonly database: Database
  /** Encrypt stored data, the newest first. */
  readonly secrets: readonly string[]
  readonly origins: OriginPolicy
  readonly control: AdmissionControl
  readonly singleUse: SingleUseStore
  readonly users: UserSource
}

/** The users of the application, and the form of their ids. */
export interface UserSource {
  readonly directory: UserDirectory
  readonly ids: UserIdCodec
  /** Changes of users that Focus makes, on all nodes. */
  readonly changes: UserChanges
  /** Whether ids that the directory does not know are refused, or get a stream all the same. */
  readonly unknown: 'refuse' | 'accept'
}

/**
 * Opens the database and brings its tables up to date.
 *
 * @throws FocusError `invalid_option`, `missing_dependency`, `storage_unavailable`
 */
export function openFoundation(configuration: Configuration): Promise<Foundation & Closable> {
  const { settings, runtime } = configuration
  const { allowedOrigins, budgets, publicUrl, trustedProxies } = settings.http
  return openTogether(runtime.logger, async (own) => {
    const findAddress = createClientAddressFinder(trustedProxies)
    const control = new AdmissionControl({ budgets, findAddress, logger: runtime.logger })
    const database = own(
      await openDatabase(settings.storage.database, { ...runtime, readsAtOnce: readsAtOnce(settings) }),
    )
    const configured = settings.storage.secrets ?? undefined
    const secrets = resolveFocusSecrets({ configured, database, publicUrl })
    await migrateToLatest(database)
    return {
      ...configuration,
      database,
      secrets,
      origins: createOriginPolicy({ allowedOrigins, publicUrl }),
      control,
      singleUse: new KyselySingleUseStore(database, runtime.clock),
      users: userSource(settings.users, database, runtime),
    }
  })
}

/** The first reads are those of the migrations and, of transports, the states that nodes share. */
function readsAtOnce({ transports: { transports, slackWebhook, smtpUrl } }: Settings): readonly WorkClass[] {
  const hasTransports = transports.length > 0 || slackWebhook !== null || smtpUrl !== null
  return hasTransports ? ['interactive', 'background'] : ['interactive']
}

function userSource(
  { directory: own, areForeign, unknown }: UserSettings,
  database: Database,
  runtime: Runtime,
): UserSource {
  const changes = new UserChanges()
  const stored = own ?? new KyselyUserDirectory(database, runtime.clock)
  const directory = announcingDirectory(stored, (id) => changes.announce(id))
  const ids = directory.parseId && !areForeign ? { fromKey: directory.parseId } : stringUserIds
  return { directory, ids, changes, unknown }
}
