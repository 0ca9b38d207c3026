import type { KyselyPlugin, PluginTransformQueryArgs, PluginTransformResultArgs, QueryResult, UnknownRow } from 'kysely'

/** Columns and aliases that hold whole numbers on every database; times, which end in `_at`, beside them. */
const numberColumns = new Set([
  'all_from',
  'all_read',
  'attempt',
  'attempts',
  'count',
  'email_verified',
  'enabled',
  'head',
  'id',
  'offset',
  'oldest',
  'state_rev',
  'unread',
])

/**
 * Reads whole numbers as numbers, however the application's own driver was told to give them: better-sqlite3 with
 * `defaultSafeIntegers` gives bigints, mysql2 with `bigNumberStrings` gives texts. All of ours are below 2^53.
 */
export class PlainNumbers implements KyselyPlugin {
  transformQuery({ node }: PluginTransformQueryArgs) {
    return node
  }

  async transformResult({ result }: PluginTransformResultArgs): Promise<QueryResult<UnknownRow>> {
    return { ...result, rows: result.rows.map(toPlain) }
  }
}

function toPlain(row: UnknownRow): UnknownRow {
  if (!Object.entries(row).some(([name, value]) => needsNumber(name, value))) return row
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => [name, needsNumber(name, value) ? Number(value) : value]),
  )
}

/** Some tables' `id` is a text, but never one of digits alone. */
function needsNumber(name: string, value: unknown): boolean {
  if (typeof value === 'bigint') return true
  return typeof value === 'string' && (numberColumns.has(name) || name.endsWith('_at')) && /^-?\d{1,16}$/.test(value)
}
