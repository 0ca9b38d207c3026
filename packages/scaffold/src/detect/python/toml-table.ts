import { isRecord } from '../../common/repository.ts'

/** Returns a table of a TOML document by its path; an empty one when it does not exist. */
export function table(value: unknown, ...path: readonly string[]): Readonly<Record<string, unknown>> {
  let at = value
  for (const key of path) at = isRecord(at) ? at[key] : undefined
  return isRecord(at) ? at : {}
}
