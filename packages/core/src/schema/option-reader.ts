import { FocusError } from '../common/errors.ts'
import { describeValue } from './option-checks.ts'
import type { Form } from './option-forms.ts'
import type { LimitsDefinition, OptionDefinition, OptionTable, Values } from './option-table.ts'

export type Environment = Readonly<Record<string, string | undefined>>

/**
 * Reads the values of a table: from code, else from the environment, else the default. Check the options in code with
 * {@link checkOptions} first.
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
  // Env files from Windows leave a carriage return at the end of a value.
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
