import { type Kysely, MysqlAdapter, SqliteAdapter, sql } from 'kysely'
import { FocusError } from '../../common/errors.ts'

/** The databases that Focus keeps its tables in. MariaDB counts as `mysql`. */
export type DialectName = 'sqlite' | 'mysql'

/** Which server it is, where MySQL and MariaDB differ. */
export type Flavour = 'sqlite' | 'mysql' | 'mariadb'

/** An application's own instance, whatever its tables; the type parameter of Kysely admits no narrower form of "any". */
// oxlint-disable-next-line typescript/no-explicit-any
export type AnyKysely = Kysely<any>

/** Which database an instance of Kysely speaks to. */
export function dialectOf(db: AnyKysely): DialectName {
  const { adapter } = db.getExecutor()
  if (adapter instanceof SqliteAdapter) return 'sqlite'
  if (adapter instanceof MysqlAdapter) return 'mysql'
  throw new FocusError('invalid_option', `database: ${adapter.constructor.name} is not supported`, {
    hint: 'Pass a Kysely instance for SQLite or MySQL/MariaDB, or a URL such as sqlite:focus.db or mysql://user:password@host/name.',
  })
}

/** Asks the server what it is. */
export async function flavourOf({ db, dialect }: { db: AnyKysely; dialect: DialectName }): Promise<Flavour> {
  if (dialect === 'sqlite') return 'sqlite'
  const { rows } = await sql<{ version: string }>`select version() as version`.execute(db)
  return /mariadb/i.test(rows[0]?.version ?? '') ? 'mariadb' : 'mysql'
}
