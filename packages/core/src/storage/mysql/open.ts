import { createPool } from 'mysql2'
import { MysqlDialect } from 'kysely'

/**
 * The state of every session that Focus opens, whatever the server's defaults are (S41). The driver writes values into the
 * statement with backslash escapes, which are only safe without `NO_BACKSLASH_ESCAPES` and in a character set whose
 * multi-byte characters never contain a backslash.
 */
const sessionSettings = [
  "set session sql_mode = 'STRICT_TRANS_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION', names utf8mb4",
  'set session transaction isolation level read committed',
]

/** The dialect over a pool of Focus' own for a `mysql://` URL. */
export function mysqlDialect(url: string): MysqlDialect {
  const pool = createPool({ uri: url, connectionLimit: 10, charset: 'utf8mb4', timezone: 'Z', connectTimeout: 5_000 })
  pool.on('connection', (connection) => {
    for (const setting of sessionSettings) {
      // The driver runs the statements of a connection in order: no query overtakes its settings.
      connection.query(setting, (error) => {
        if (error) connection.destroy()
      })
    }
  })
  return new MysqlDialect({ pool })
}
