import { type Environment, isSet } from '../schema/option-reader.ts'
import { type OptionTable, variablesOf } from '../schema/option-table.ts'
import type { FocusOptions } from './options.ts'
import { optionTables } from './schema.ts'

/**
 * Returns the options without those that the environment sets, for programs in which the environment wins over a file. The
 * `focus` command reads its `focus.config.ts` this way.
 */
export function withoutEnvironment(options: FocusOptions, environment: Environment): FocusOptions {
  let rest: object = options
  for (const definition of Object.values<OptionTable>(optionTables).flatMap((table) => Object.values(table))) {
    const isInEnvironment = variablesOf(definition).some((name) => isSet(environment, name))
    if (isInEnvironment && definition.path !== undefined) rest = without(rest, definition.path.split('.'))
  }
  return rest
}

function without(value: object, [key, ...path]: readonly string[]): object {
  if (key === undefined || !(key in value)) return value
  const { [key]: inner, ...others } = value as Record<string, unknown>
  if (path.length === 0) return others
  return typeof inner === 'object' && inner !== null ? { ...others, [key]: without(inner, path) } : value
}
