import { CompiledQuery } from 'kysely'
import { FocusError } from '../../../common/errors.ts'

/** Modes that change the meaning of a statement or of a value that the driver escaped. */
const unsafeModes = ['NO_BACKSLASH_ESCAPES', 'ANSI_QUOTES', 'PIPES_AS_CONCAT']

/** Character sets without a backslash or a quote inside a multi-byte character; gbk and sjis are not safe. */
const safeCharsets = new Set(['utf8mb4', 'utf8mb3', 'utf8', 'latin1', 'ascii', 'binary'])

const readSession: CompiledQuery<SessionRow> = CompiledQuery.raw(
  'select @@session.sql_mode as mode, @@session.character_set_client as charset',
)

interface SessionRow {
  readonly mode: unknown
  readonly charset: unknown
}

/** A connection, or a whole pool. */
interface Session {
  executeQuery<R>(query: CompiledQuery<R>): Promise<{ readonly rows: readonly R[] }>
}

/**
 * Checks that values which the driver escapes stay values in this session (S41).
 *
 * @throws FocusError `unsafe_database_session`
 */
export async function refuseUnsafeSession(session: Session): Promise<void> {
  const { rows } = await session.executeQuery(readSession)
  const modes = String(rows[0]?.mode).toUpperCase().split(',')
  const mode = unsafeModes.find((name) => modes.includes(name))
  if (mode !== undefined) {
    throw new FocusError('unsafe_database_session', `database: the SQL mode ${mode} is set in a session of the pool.`, {
      hint: `Remove ${mode} from sql_mode on each new connection of the pool, or pass a mysql:// URL as \`database\`.`,
    })
  }
  const charset = String(rows[0]?.charset)
  if (!safeCharsets.has(charset)) {
    throw new FocusError(
      'unsafe_database_session',
      `database: the character set of a session of the pool is ${charset}.`,
      {
        hint: 'Set `charset: "utf8mb4"` for the pool, or pass a mysql:// URL as `database`.',
      },
    )
  }
}

/** Returns whether the driver has to escape this value. In any session, a value without escapes keeps its meaning. */
export function needsEscaping(value: unknown): boolean {
  if (typeof value === 'string') return escaped.test(value)
  return typeof value === 'object' && value !== null
}

// oxlint-disable-next-line no-control-regex -- the driver escapes these too
const escaped = /[\0\b\t\n\r\u001a"'\\]/
