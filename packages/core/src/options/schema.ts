import { checkOptions } from '../schema/option-checks.ts'
import { type OptionTable, optionShape, type ValueOf } from '../schema/option-table.ts'
import { authOptions } from './auth-options.ts'
import { clusterOptions } from './cluster-options.ts'
import { generalOptions } from './general-options.ts'
import { httpOptions } from './http-options.ts'
import { notificationOptions } from './notification-options.ts'
import type { FocusOptions } from './options.ts'
import { realtimeOptions } from './realtime-options.ts'
import { storageOptions } from './storage-options.ts'
import { transportOptions } from './transport-options.ts'

/**
 * Every option of Focus, by room. These tables compile only if they describe exactly the members of `FocusOptions`: the same
 * paths, with values of the declared types.
 */
export const optionTables = describing({
  storage: storageOptions,
  cluster: clusterOptions,
  http: httpOptions,
  auth: authOptions,
  realtime: realtimeOptions,
  notifications: notificationOptions,
  transports: transportOptions,
  general: generalOptions,
})

/** The shape of the options of `createFocus`. */
export const focusOptions = optionShape(Object.values(optionTables))

/**
 * Refuses an options object with an unknown name or a wrong value, as `createFocus` does, for programs that read options
 * before they use them. Reads nothing from the environment.
 *
 * @throws FocusError `invalid_option`; the message names each path and the accepted form
 */
export function assertFocusOptions(options: unknown): asserts options is FocusOptions {
  checkOptions(options, focusOptions)
}

type Tables = Readonly<Record<string, OptionTable>>

/** Options with inner options. */
type GroupName = 'oauth' | 'google' | 'tokens' | 'websocket' | 'rateLimits' | 'limits' | 'notifications' | 'routing'
type Group<Name extends GroupName> = Exclude<NonNullable<FocusOptions[Name]>, false>

/** The type of each option by its path. */
type DeclaredOptions = { [Name in Exclude<keyof FocusOptions, GroupName> | 'rateLimits']: FocusOptions[Name] } & {
  [Name in GroupName as PathsIn<Name>]: unknown
}
type PathsIn<Name extends GroupName> = `${Name}.${keyof Group<Name> & string}`

type TypeAt<Path> = Path extends `${infer Name extends GroupName}.${infer Member}`
  ? Member extends keyof Group<Name>
    ? Group<Name>[Member]
    : never
  : Path extends keyof FocusOptions
    ? FocusOptions[Path]
    : never

type DefinitionIn<Table> = Table extends unknown ? Table[keyof Table] : never
type DescribedPath<Definition> = Definition extends { readonly path: infer Path } ? Path : never
type WrongPath<Definition> = Definition extends { readonly path: infer Path }
  ? ValueOf<Definition> extends TypeAt<Path> | null
    ? never
    : Path
  : never

/** Paths that only `FocusOptions` or only the tables have, and those whose types differ. */
type Differing<All extends Tables, Definition = DefinitionIn<All[keyof All]>> =
  | Exclude<keyof DeclaredOptions, DescribedPath<Definition>>
  | Exclude<DescribedPath<Definition>, keyof DeclaredOptions>
  | WrongPath<Definition>

type Complete<All extends Tables> =
  Differing<All> extends infer Path ? ([Path] extends [never] ? All : { readonly differing: Path }) : never

function describing<All extends Tables>(tables: Complete<All>): All {
  return tables as unknown as All
}
