import { type Environment, isSet, type OptionTable, variablesOf } from '../schema/option-table.ts'
import type { FocusOptions } from './options.ts'
import { optionTables } from './schema.ts'

/**
 * Returns the options without those that the environment sets, for programs in which the environment wins over a file, as in
 * the `focus` command with its `focus.config.ts`.
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
