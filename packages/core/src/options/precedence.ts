import type { FocusOptions } from './options.ts'
import { type Environment, settings } from './settings.ts'

/**
 * The options without those that the environment sets, for programs in which the environment wins over a file, as in the
 * `focus` command with its `focus.config.ts`.
 */
export function withoutEnvironment(options: FocusOptions, environment: Environment): FocusOptions {
  let rest: object = options
  for (const { option, env } of Object.values(settings)) {
    if (env.some((name) => (environment[name] ?? '').trim() !== '')) rest = without(rest, option.split('.'))
  }
  return rest
}

function without(value: object, [key, ...path]: readonly string[]): object {
  if (key === undefined || !(key in value)) return value
  const { [key]: inner, ...others } = value as Record<string, unknown>
  if (path.length === 0) return others
  return typeof inner === 'object' && inner !== null ? { ...others, [key]: without(inner, path) } : value
}
