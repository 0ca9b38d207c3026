import type { KyselyPlugin, PluginTransformQueryArgs, PluginTransformResultArgs, QueryResult, UnknownRow } from 'kysely'

/** Columns and aliases that hold whole numbers on every database, besides times, whose names end in `_at`. */
const numberColumns = new Set([
  'all',
  'all_from',
  'all_read',
  'at',
  'attempt',
  'attempts',
  'broker_away',
  'count',
  'email_verified',
  'enabled',
  'head',
  'id',
  'node',
  'offset',
  'oldest',
  'retried',
  'room',
  'seq',
  'state_rev',
  'unread',
])

/**
 * Converts whole numbers to `number`, whatever the settings of the application's own driver: better-sqlite3 with
 * `defaultSafeIntegers` returns bigints, mysql2 with `bigNumberStrings` and pg
 * return strings. All numbers of Focus are below 2^53.
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

/** The `id` of some tables is a text, but never of digits only. */
function needsNumber(name: string, value: unknown): boolean {
  if (typeof value === 'bigint') return true
  return typeof value === 'string' && (numberColumns.has(name) || name.endsWith('_at')) && /^-?\d{1,16}$/.test(value)
}
