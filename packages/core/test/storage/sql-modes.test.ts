import { Kysely, MysqlDialect, sql } from 'kysely'
import { createPool, type Pool, type PoolOptions } from 'mysql2'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { describeOnDatabase } from '@focus-api/test-kit/databases/matrix'
import { type Mariadb, startMariadb } from '@focus-api/test-kit/servers/mariadb'
import { type Node, startNode } from '../notifications/support/node.ts'

/** In a session that ignores the driver's escapes, this ends the value, and the rest is a row of another user's inbox. */
const injection = `\\', 'm', '{}', 1, null, 1, null), ('2', 77, 'injected', null, 'info', 'pwned', 'm', '{}', 1, null, 1, null) -- `
const texts = [
  injection,
  injection.slice(1),
  `a'b''c"d\\e\\\\f`,
  '\\',
  'tab \t, line \n, return \r, sub \u001a, back \b',
  `縗' or 1=1 -- `,
  '表\\\' 😀 || "x"',
]

describeOnDatabase('mariadb')('S41 R1: on a server whose sessions start in another mode and character set', () => {
  let server: Mariadb
  const opened: { close(): Promise<void> }[] = []
  beforeAll(async () => {
    server = await startMariadb({
      own: true,
      args: [
        '--sql-mode=NO_BACKSLASH_ESCAPES,ANSI_QUOTES,PIPES_AS_CONCAT',
        '--character-set-server=gbk',
        '--collation-server=gbk_chinese_ci',
        '--skip-character-set-client-handshake',
      ],
    })
  })
  afterEach(async () => {
    for (const resource of opened.splice(0).toReversed()) await resource.close()
  })
  afterAll(() => server.stop())

  async function open(database: string | Kysely<unknown>): Promise<Node> {
    const node = await startNode(database)
    opened.push(node)
    return node
  }

  /** A pool of an application whose sessions are in a safe mode, unless `settings` change it. */
  function applicationPool(uri: string, settings: readonly string[], options: PoolOptions = {}): Pool {
    const pool = createPool({ uri, ...options })
    pool.on('connection', (connection) => {
      for (const setting of ["set sql_mode = 'STRICT_TRANS_TABLES', names utf8mb4", ...settings])
        connection.query(setting)
    })
    return pool
  }

  function application(uri: string, settings: readonly string[] = [], options: PoolOptions = {}): Kysely<unknown> {
    const db = new Kysely<unknown>({ dialect: new MysqlDialect({ pool: applicationPool(uri, settings, options) }) })
    opened.push({ close: () => db.destroy() })
    return db
  }

  const titlesOf = async ({ notifications }: Node, userId: number) =>
    (await notifications.inbox(userId, { limit: 100 })).notifications.map(({ title }) => title).toReversed()

  test('values stay values in the sessions that Focus opens', async () => {
    const node = await open(await server.createDatabase())
    const { notifications } = node
    for (const text of texts) {
      await notifications.notifyUser({ userId: 1, title: text, message: text, data: { [text]: text } })
    }
    const page = await notifications.inbox(1, { limit: 100 })
    expect(page.notifications.map(({ title, message, data }) => [title, message, data]).toReversed()).toEqual(
      texts.map((text) => [text, text, { [text]: text }]),
    )
    expect(await titlesOf(node, 2)).toEqual([])
    const { rows } = await sql<{ mode: string; charset: string }>`
      select @@session.sql_mode as mode, @@session.character_set_client as charset`.execute(node.database.db)
    expect(rows[0]?.mode.split(',')).not.toContain('NO_BACKSLASH_ESCAPES')
    expect(rows[0]?.charset).toBe('utf8mb4')
  })

  test.each([
    ['NO_BACKSLASH_ESCAPES', "set sql_mode = 'NO_BACKSLASH_ESCAPES'"],
    ['ANSI_QUOTES', "set sql_mode = 'ANSI'"],
    ['PIPES_AS_CONCAT', "set sql_mode = 'PIPES_AS_CONCAT'"],
    ['gbk', 'set names gbk'],
    ['sjis', 'set names sjis'],
    ['big5', 'set names big5'],
  ])('a pool of the application in %s is refused at the start, with a clear message', async (name, setting) => {
    const db = application(await server.createDatabase(), [setting])
    await expect(startNode(db)).rejects.toMatchObject({
      code: 'unsafe_database_session',
      message: expect.stringContaining(name),
      hint: expect.stringContaining('mysql://'),
    })
  })

  test('a pool of the application in a safe mode keeps every text', async () => {
    const node = await open(application(await server.createDatabase()))
    for (const text of texts) await node.notifications.notifyUser({ userId: 1, title: text, message: 'm' })
    expect(await titlesOf(node, 1)).toEqual(texts)
    expect(await titlesOf(node, 2)).toEqual([])
  })

  test('a session that the application changes later is sent no value that needs an escape', async () => {
    const db = application(await server.createDatabase(), [], { connectionLimit: 1 })
    const node = await open(db)
    const { notifications } = node
    await notifications.notifyUser({ userId: 1, title: 'before', message: 'm' })
    await sql`set session sql_mode = 'NO_BACKSLASH_ESCAPES'`.execute(db)
    await expect(notifications.notifyUser({ userId: 1, title: injection, message: 'm' })).rejects.toMatchObject({
      code: 'unsafe_database_session',
    })
    await sql`set session sql_mode = ''`.execute(db)
    await notifications.notifyUser({ userId: 1, title: injection, message: 'm' })
    expect(await titlesOf(node, 1)).toEqual(['before', injection])
    expect(await titlesOf(node, 2)).toEqual([])
  })

  test('a notification of a caller’s transaction arrives unchanged, whatever the session and driver do to values', async () => {
    const url = await server.createDatabase()
    const node = await open(url)
    const pool = applicationPool(url, ["set sql_mode = 'NO_BACKSLASH_ESCAPES', names gbk"])
    opened.push({ close: () => pool.promise().end() })
    for (const text of texts) {
      const { sql: statement, parameters } = node.notifications.pendingInsert({ userId: 1, title: text, message: 'm' })
      await pool.promise().query(statement, [...parameters])
    }
    const db = application(url, ["set sql_mode = 'NO_BACKSLASH_ESCAPES'"])
    await node.notifications.transaction(db, async (_, inside) => {
      await inside.notifyUser({ userId: 1, title: injection, message: 'm' })
    })
    await node.notifications.sequence()
    expect((await titlesOf(node, 1)).toSorted()).toEqual([...texts, injection].toSorted())
    expect(await titlesOf(node, 2)).toEqual([])
  })

  test('S33: every column of identifiers compares bytes', async () => {
    const node = await open(await server.createDatabase())
    const { rows } = await sql<{ name: string; collation: string }>`
      select concat(table_name, '.', column_name) as name, collation_name as collation
      from information_schema.columns
      where table_schema = database() and table_name like 'focus\\_%' and table_name not like 'focus\\_migration%'
        and data_type = 'varchar'`.execute(node.database.db)
    expect(rows.length).toBeGreaterThan(30)
    expect(rows.filter(({ collation }) => collation !== 'utf8mb4_nopad_bin')).toEqual([])
  })
})
