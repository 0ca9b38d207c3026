import { FocusError } from '../common/errors.ts'
import { counts, describeValue, type OptionGroup, type OptionShape } from './option-checks.ts'
import type { Form } from './option-forms.ts'

/** One option: its form, its variables, its default and its description are written here and nowhere else. */
export interface OptionDefinition<Value = unknown> {
  /** Path in the options object, such as `tokens.issuer`; absent for options that only the environment has. */
  readonly path?: string
  /** Names of the variable; the first that is set counts. */
  readonly env?: readonly string[]
  readonly form: Form<Value>
  /** As it would be written in code; null for an option that has no value unless it is set. */
  readonly default: string | number | boolean | object | null
  /** The default in words, where it depends on other settings. */
  readonly defaultText?: string
  /** What the option is, for `docs/environment.md`. */
  readonly about: string
  /** This value replaces the group of options below the path, such as `rateLimits: false`. */
  readonly replacesGroup?: boolean
}

/** A group of limits with whole numbers, each with its default. */
export interface LimitsDefinition<Limits extends object = object>
  extends Pick<OptionDefinition, 'defaultText' | 'about'> {
  readonly path: string
  readonly limits: Limits
}

/** The options of one room, by the names that the values have inside. */
export type OptionTable = Readonly<Record<string, OptionDefinition | LimitsDefinition>>

/** The value of an option; null where it has no default and was not set. */
export type ValueOf<Definition> =
  Definition extends OptionDefinition<infer Value>
    ? Definition extends { readonly default: null }
      ? Value | null
      : Value
    : Definition extends LimitsDefinition<infer Limits>
      ? { readonly [Name in keyof Limits]: Limits[Name] extends number ? number : Limits[Name] }
      : never

/** The values of a table, with every default in place. */
export type Values<Table extends OptionTable> = { readonly [Name in keyof Table]: ValueOf<Table[Name]> }

export type Environment = Readonly<Record<string, string | undefined>>

/** Defines the options of one room; the types of their values follow from it. */
export function optionTable<const Table extends OptionTable>(table: Table): Table {
  return table
}

/** Returns the shape of the options object that tables describe together, for {@link checkOptions}. */
export function optionShape(tables: readonly OptionTable[]): OptionGroup {
  const definitions = tables.flatMap((table) => Object.values(table))
  const members: Record<string, OptionShape> = {}
  const groups = new Map<
    string,
    { members: Record<string, OptionShape>; required: string[]; instead?: Form<unknown> }
  >()
  for (const definition of definitions) {
    if (definition.path === undefined) continue
    const [first = '', second] = definition.path.split('.')
    const shape = 'limits' in definition ? counts(definition.limits) : definition.form
    const opensGroup = 'form' in definition && definition.replacesGroup === true
    if (second === undefined && !opensGroup) {
      members[first] = shape
      continue
    }
    const group = groups.get(first) ?? { members: {}, required: [] }
    groups.set(first, group)
    members[first] = group
    if (second === undefined) group.instead = shape as Form<unknown>
    else group.members[second] = shape
  }
  return { members, required: [] }
}

/**
 * Reads a table: from code, else from the environment, else the default. Options in code have passed {@link checkOptions}.
 *
 * @throws FocusError `invalid_option` for a variable of the wrong form, naming it and the accepted form, never a secret
 */
export function readOptions<Table extends OptionTable>(
  table: Table,
  options: object,
  environment: Environment,
): Values<Table> {
  const values = Object.entries(table).map(([name, definition]) => [
    name,
    'limits' in definition ? readLimits(definition, options) : readOption(definition, options, environment),
  ])
  return Object.fromEntries(values) as Values<Table>
}

/** Returns the names of the variables that a definition can be set by. */
export function variablesOf(definition: OptionDefinition | LimitsDefinition): readonly string[] {
  return 'form' in definition ? (definition.env ?? []) : []
}

/** Whether a variable has a value other than blanks. */
export function isSet(environment: Environment, name: string): boolean {
  return (environment[name] ?? '').trim() !== ''
}

function readOption(definition: OptionDefinition, options: object, environment: Environment): unknown {
  const { path, env = [], form } = definition
  const fromCode = path === undefined ? undefined : valueAt(options, path)
  const isGroup = definition.replacesGroup === true && typeof fromCode === 'object'
  if (path !== undefined && fromCode !== undefined && fromCode !== null && !isGroup) return parse(form, path, fromCode)
  const variable = env.find((name) => isSet(environment, name))
  // Env files that were written on Windows leave a carriage return at the end.
  if (variable !== undefined) return parse(form, variable, environment[variable]?.trim())
  return definition.default === null ? null : parse(form, path ?? env.join(), definition.default)
}

function readLimits({ path, limits }: LimitsDefinition, options: object): object {
  const given = Object.entries(Object(valueAt(options, path)) as object)
  return { ...limits, ...Object.fromEntries(given.filter(([, value]) => value !== undefined && value !== null)) }
}

function parse({ schema, accepts, secret }: Form<unknown>, name: string, value: unknown): unknown {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  const got = secret ? 'another form' : describeValue(value)
  throw new FocusError('invalid_option', `${name}: expected ${accepts}, got ${got}.`, {
    hint: `Correct ${name} and start again.`,
  })
}

function valueAt(options: object, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>(
      (value, key) => (typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined),
      options,
    )
}
