import { createPool } from 'mysql2/promise'
import { columns, type Contestant, sampleRow } from './contestant.ts'

const head = `insert into focus_notifications (${columns.map((name) => `\`${name}\``).join(', ')}) values `
const placeholders = `(${columns.map(() => '?').join(', ')})`

/** The bare driver: statements of `each` rows, with one connection per caller. */
export function bareMysql(url: string, each: number, callers: number): Contestant {
  const pool = createPool({ uri: url, connectionLimit: callers })
  const text = head + Array.from({ length: each }, () => placeholders).join(', ')
  return {
    name: `mysql2, ${each} per statement, ${callers} connection${callers === 1 ? '' : 's'}`,
    callers,
    each,
    send: () => pool.query(text, Array.from({ length: each }, () => sampleRow()).flat()),
    close: () => pool.end(),
  }
}
