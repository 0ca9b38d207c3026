import type { UserDirectory } from '../auth/accounts/user-directory-port.ts'
import { nearest } from '../common/text/nearest.ts'
import { type Environment, readOptions } from '../schema/option-reader.ts'
import { type OptionTable, type Values, variablesOf } from '../schema/option-table.ts'
import { authOptions } from './auth-options.ts'
import { type AuthSettings, authSettings } from './auth-settings.ts'
import { clusterOptions } from './cluster-options.ts'
import { generalOptions } from './general-options.ts'
import { httpOptions, type HttpSettings, httpSettings } from './http-options.ts'
import { notificationOptions } from './notification-options.ts'
import type { FocusOptions } from './options.ts'
import { realtimeOptions } from './realtime-options.ts'
import { assertFocusOptions, optionTables } from './schema.ts'
import { storageOptions } from './storage-options.ts'
import { transportOptions } from './transport-options.ts'

/** Options and environment by room, checked and with every default in place. */
export interface Settings {
  readonly general: Values<typeof generalOptions>
  readonly storage: Values<typeof storageOptions>
  readonly cluster: Values<typeof clusterOptions>
  readonly http: HttpSettings
  readonly auth: AuthSettings
  readonly users: UserSettings
  readonly notifications: Values<typeof notificationOptions>
  readonly realtime: Values<typeof realtimeOptions>
  readonly transports: Values<typeof transportOptions>
  /** Sentences for the operator about settings that have no effect. */
  readonly warnings: readonly string[]
}

export interface UserSettings {
  /** The application's own directory; null for the table of Focus. */
  readonly directory: UserDirectory | null
  /** Whether another issuer's tokens name the users, so that they have no rows in Focus' own table. */
  readonly areForeign: boolean
  /** Whether ids that the directory does not know are refused, or get a stream all the same. */
  readonly unknown: 'refuse' | 'accept'
}

/** @throws FocusError `invalid_option` naming the setting and the accepted form */
export function resolveOptions(options: FocusOptions, environment: Environment): Settings {
  assertFocusOptions(options)
  const read = <Table extends OptionTable>(table: Table) => readOptions(table, options, environment)
  const http = httpSettings(read(httpOptions))
  const auth = read(authOptions)
  const notifications = read(notificationOptions)
  const areForeign = auth.jwksUri !== null && auth.users === null
  return {
    general: read(generalOptions),
    storage: read(storageOptions),
    cluster: read(clusterOptions),
    http,
    auth: authSettings(auth, http),
    users: {
      directory: auth.users,
      areForeign,
      unknown: notifications.unknownUsers ?? (areForeign ? 'accept' : 'refuse'),
    },
    notifications,
    realtime: read(realtimeOptions),
    transports: read(transportOptions),
    warnings: unknownVariables(environment),
  }
}

/** Variables that other programs of the product read. */
const otherVariables = ['FOCUS_URL', 'FOCUS_WORKERS']

/** Returns a warning for each `FOCUS_*` variable that Focus does not know, with the nearest name that it knows. */
function unknownVariables(environment: Environment): string[] {
  const definitions = Object.values(optionTables).flatMap((table) => Object.values<OptionTable[string]>(table))
  const known = [...definitions.flatMap(variablesOf), ...otherVariables]
  return Object.keys(environment)
    .filter((name) => name.startsWith('FOCUS_') && !known.includes(name))
    .map((name) => `${name} is not a setting of Focus and is ignored; did you mean ${nearest(name, known) ?? ''}?`)
}
