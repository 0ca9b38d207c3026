import { createFocus } from '@focus-api/core'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openApplicationKysely } from '@focus-api/test-kit/databases/application-kysely'
import type { OwnServer, ServerName } from '@focus-api/test-kit/databases/database-kinds'
import { describeOverServers } from '@focus-api/test-kit/databases/matrix'

const secret = 'a secret of the tests that is long enough'

/** Returns why a server does not start. */
async function refusal(database: string): Promise<{ code: string; message: string; hint: string }> {
  try {
    const focus = await createFocus({ database, secret, env: {} })
    await focus.close()
  } catch (error) {
    return error as Awaited<ReturnType<typeof refusal>>
  }
  throw new Error('the server started')
}

const createUser: Readonly<Record<ServerName, (name: string) => string[]>> = {
  mariadb: (name) => [
    `create user 'app'@'%' identified by 'right'`,
    `grant all on \`${name}\`.* to 'app'@'%'`,
    `create user 'reader'@'%' identified by 'right'`,
    `grant select on \`${name}\`.* to 'reader'@'%'`,
  ],
  postgres: () => [
    "create role app login password 'right'",
    'grant create on schema public to app',
    "create role reader login password 'right'",
  ],
}

const tls: Readonly<Record<ServerName, string>> = {
  mariadb: 'ssl={"rejectUnauthorized":true}',
  postgres: 'sslmode=verify-full',
}

const refuseWrites: Readonly<Record<ServerName, (name: string) => string>> = {
  mariadb: () => 'set global read_only = 1',
  postgres: (name) => `alter database ${name} set default_transaction_read_only = on`,
}

describeOverServers('a server that cannot be used', ({ kind, start }) => {
  let server: OwnServer
  let url: URL
  const run = async (statements: readonly string[]) => {
    const db = openApplicationKysely(server.url)
    for (const statement of statements) await sql.raw(statement).execute(db)
    await db.destroy()
  }
  beforeAll(async () => {
    server = await start()
    url = new URL(server.url)
    await run(createUser[kind](url.pathname.slice(1)))
  })
  afterAll(() => server.stop())
  const as = (user: string, change: Partial<Pick<URL, 'password' | 'pathname' | 'search' | 'port'>> = {}) =>
    Object.assign(new URL(url), { username: user, password: 'right', ...change }).href

  test.each<[string, () => string, RegExp, RegExp]>([
    ['the password is wrong', () => as('app', { password: 'wrong' }), /refuses the user or the password/, /password/],
    [
      'the database does not exist',
      () =>
        kind === 'mariadb'
          ? `${url.origin}root@${url.host}/nowhere`.replace('null', 'mysql://')
          : as('app', { pathname: '/nowhere' }),
      /no database of this name/,
      /[Cc]reate/,
    ],
    ['TLS is refused', () => as('app', { search: `?${tls[kind]}` }), /asks for TLS/, /TLS/],
    ['the user may not create tables', () => as('reader'), /may not create tables/, /[Gg]rant/],
    ['nothing listens', () => as('app', { port: '9' }), /does not answer: .*ECONNREFUSED/, /host, port/],
  ])('%s', async (_, address, message, hint) => {
    expect(await refusal(address())).toMatchObject({
      code: 'storage_unavailable',
      message: expect.stringMatching(message),
      hint: expect.stringMatching(hint),
    })
  })

  test('an address that cannot be read', async () => {
    expect(await refusal(as('app').replace(/:\d+\//, ':port/'))).toMatchObject({
      code: 'invalid_option',
      message: expect.stringContaining('DATABASE_URL'),
      hint: expect.stringContaining('://user:password@host:'),
    })
  })

  test('it is read-only: at the start, and after it was demoted', async () => {
    const focus = await createFocus({ database: as('app'), secret, env: {} })
    await run([refuseWrites[kind](url.pathname.slice(1))])
    try {
      const readOnly = {
        code: 'storage_unavailable',
        message: expect.stringMatching(/read-only/),
        hint: expect.stringMatching(/primary/),
      }
      expect(await refusal(as('app'))).toMatchObject(readOnly)
    } finally {
      await focus.close()
    }
  })
})
