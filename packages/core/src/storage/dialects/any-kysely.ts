import type { Kysely } from 'kysely'

/** The kinds of databases. MariaDB counts as `mysql`. */
export type DialectName = 'sqlite' | 'mysql' | 'postgres'

/** An application's own instance, whatever its tables; the type parameter of Kysely admits no narrower form of "any". */
// oxlint-disable-next-line typescript/no-explicit-any
export type AnyKysely = Kysely<any>

/** Recognises an instance by its methods: an application's Kysely may come from another copy of the package. */
export function isKysely(source: unknown): boolean {
  return typeof source === 'object' && source !== null && 'withoutPlugins' in source && 'getExecutor' in source
}
