import { AdmissionControl } from '../admission/admission-control.ts'
import { type Budgets, resolveBudgets } from '../admission/budgets.ts'
import type { UserDirectory } from '../auth/accounts/user-directory-port.ts'
import type { Runtime } from '../common/runtime.ts'
import { stringUserIds, type UserIdCodec } from '../common/user-id.ts'
import { createClientAddressFinder } from '../net/client-address.ts'
import { createOriginPolicy, type OriginPolicy } from '../net/origin-policy.ts'
import { isLoopbackUrl } from '../net/urls.ts'
import type { FocusOptions } from '../options/options.ts'
import type { Resolved } from '../options/resolve.ts'
import { resolveFocusSecrets } from '../secrets/focus-secrets.ts'
import type { SingleUseStore } from '../secrets/single-use-port.ts'
import { type Database, openDatabase } from '../storage/database.ts'
import { sayingUnavailable } from '../storage/dialects/unavailable.ts'
import { migrateToLatest } from '../storage/migrations/migrate.ts'
import { KyselySingleUseStore } from '../storage/stores/single-use-store.ts'
import { KyselyUserDirectory } from '../storage/stores/user-directory.ts'
import { type Closable, openTogether } from './opening.ts'

/** The configuration of one Focus: options of the application, resolved settings, clock and logger. */
export interface Configuration {
  readonly options: FocusOptions
  readonly settings: Resolved
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
  /** Whether ids that the directory does not know are refused, or get a stream all the same. */
  readonly unknown: 'refuse' | 'accept'
}

/**
 * Opens the database and brings its tables up to date.
 *
 * @throws FocusError `invalid_option`, `missing_dependency`, `storage_unavailable`
 */
export function openFoundation(configuration: Configuration): Promise<Foundation & Closable> {
  const { options, settings, runtime } = configuration
  const { values, publicUrl } = settings
  return openTogether(runtime.logger, async (own) => {
    const findAddress = createClientAddressFinder(values.trustedProxies ?? [])
    const budgets = budgetsOf(options, publicUrl)
    const control = new AdmissionControl({ budgets, findAddress, logger: runtime.logger })
    const database = own(await openDatabase(settings.database, runtime))
    const secrets = resolveFocusSecrets({ configured: values.secrets, database, publicUrl })
    await migrateToLatest(database)
    return {
      ...configuration,
      database,
      secrets,
      origins: createOriginPolicy({ allowedOrigins: values.allowedOrigins ?? [], publicUrl }),
      control,
      singleUse: sayingUnavailable(new KyselySingleUseStore(database, runtime.clock), { unbounded: ['purge'] }),
      users: userSource(options, database, runtime),
    }
  })
}

function userSource(options: FocusOptions, database: Database, runtime: Runtime): UserSource {
  // Tokens of another issuer name users that our own table does not have.
  const areForeign = options.tokens?.jwksUri !== undefined && options.users === undefined
  const directory = options.users ?? sayingUnavailable(new KyselyUserDirectory(database, runtime.clock))
  return {
    directory,
    ids: directory.parseId && !areForeign ? { fromKey: directory.parseId } : stringUserIds,
    unknown: options.notifications?.unknownUsers ?? (areForeign ? 'accept' : 'refuse'),
  }
}

/** @throws FocusError `invalid_option` */
function budgetsOf({ rateLimits }: FocusOptions, publicUrl: string | null): Budgets {
  if (rateLimits === false) return resolveBudgets({ enabled: false, exemptLoopback: true })
  const { exemptLoopback = publicUrl === null || isLoopbackUrl(publicUrl), ...budgets } = rateLimits ?? {}
  return resolveBudgets({ enabled: true, exemptLoopback, ...budgets })
}
