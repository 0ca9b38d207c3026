import { counts, type OptionGroup, type OptionShape } from './option-checks.ts'
import type { Form } from './option-forms.ts'

/** One option. Its form, variables, default and description are written here and nowhere else. */
export interface OptionDefinition<Value = unknown> {
  /** Path in the options object, such as `tokens.issuer`; absent for options that only the environment has. */
  readonly path?: string
  /** Names of the environment variable; the first that is set counts. */
  readonly env?: readonly string[]
  readonly form: Form<Value>
  /** The default as code would write it; null if the option has no value unless it is set. */
  readonly default: string | number | boolean | object | null
  /** The default in words, if it depends on other settings. */
  readonly defaultText?: string
  /** A description for `docs/environment.md`. */
  readonly about: string
  /** The value may stand in place of a group of options, such as `rateLimits: false`. */
  readonly replacesGroup?: boolean
}

/** A group of limits, each a whole number with a default. */
export interface LimitsDefinition<Limits extends object = object>
  extends Pick<OptionDefinition, 'defaultText' | 'about'> {
  readonly path: string
  readonly limits: Limits
}

/** The options of one room, by the names of their values. */
export type OptionTable = Readonly<Record<string, OptionDefinition | LimitsDefinition>>

/** The value of an option; null if it has no default and is not set. */
export type ValueOf<Definition> =
  Definition extends OptionDefinition<infer Value>
    ? Definition extends { readonly default: null }
      ? Value | null
      : Value
    : Definition extends LimitsDefinition<infer Limits>
      ? { readonly [Name in keyof Limits]: Limits[Name] extends number ? number : Limits[Name] }
      : never

/** The values of a table, defaults included. */
export type Values<Table extends OptionTable> = { readonly [Name in keyof Table]: ValueOf<Table[Name]> }

/**
 * Defines the options of one room.
 *
 * @example
 * ```ts
 * const tokenOptions = optionTable({
 *   accessTtlSeconds: {
 *     path: 'tokens.accessTtlSeconds',
 *     env: ['FOCUS_ACCESS_TTL'],
 *     form: forms.whole('seconds', 60, 86_400),
 *     default: 3_600,
 *     about: 'lifetime of an access token',
 *   },
 * })
 * readOptions(tokenOptions, {}, { FOCUS_ACCESS_TTL: '600' }) // { accessTtlSeconds: 600 }
 * ```
 */
export function optionTable<const Table extends OptionTable>(table: Table): Table {
  return table
}

/** Returns the shape that tables give the options object, for {@link checkOptions}. */
export function optionShape(tables: readonly OptionTable[]): OptionGroup {
  const shapes = new Map<string, OptionShape>()
  for (const definition of tables.flatMap((table) => Object.values(table))) {
    if (definition.path !== undefined) {
      shapes.set(definition.path, 'limits' in definition ? counts(definition.limits) : definition.form)
    }
  }
  const names = new Set([...shapes.keys()].map((path) => path.replace(/\..*/, '')))
  return { members: Object.fromEntries([...names].map((name) => [name, shapeAt(name, shapes)])), required: [] }
}

/** The form at a path; a group where longer paths start with it. */
function shapeAt(name: string, shapes: ReadonlyMap<string, OptionShape>): OptionShape {
  const own = shapes.get(name)
  const inner = [...shapes].filter(([path]) => path.startsWith(`${name}.`))
  if (inner.length === 0 && own !== undefined) return own
  const members = Object.fromEntries(inner.map(([path, shape]) => [path.slice(name.length + 1), shape]))
  return { members, required: [], ...(own !== undefined && 'schema' in own && { instead: own }) }
}

/** Returns the names of the variables that set an option. */
export function variablesOf(definition: OptionDefinition | LimitsDefinition): readonly string[] {
  return 'form' in definition ? (definition.env ?? []) : []
}
