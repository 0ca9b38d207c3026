import { spawnSync } from 'node:child_process'
import { resolve } from 'node:path'
import { createConnection } from 'mysql2/promise'
import { beforeAll, describe, expect, test } from 'vitest'
import {
  launchBrowser,
  type Mariadb,
  type Nginx,
  type Postgres,
  type Redis,
  startMariadb,
  startNginx,
  startPostgres,
  startRedis,
} from '@focus-api/test-kit/servers/servers'
import { withClient } from '@focus-api/test-kit/servers/postgres'
import { exchange } from '@focus-api/test-kit/servers/server-process'

async function query(url: string, sql: string): Promise<unknown> {
  const connection = await createConnection(url)
  try {
    return (await connection.query(sql))[0]
  } finally {
    await connection.end()
  }
}

describe('a private MariaDB', () => {
  let mariadb: Mariadb
  beforeAll(async () => {
    mariadb = await startMariadb({ own: true })
    return () => mariadb.stop()
  })

  test('keeps committed rows across a kill -9', async () => {
    await query(mariadb.url, 'create table t (n int)')
    await query(mariadb.url, 'insert into t values (42)')
    await mariadb.kill()
    await expect(query(mariadb.url, 'select n from t')).rejects.toThrow(/ECONNREFUSED/)
    await mariadb.restart()
    expect(await query(mariadb.url, 'select n from t')).toEqual([{ n: 42 }])
  })

  test('gives every caller a separate empty database', async () => {
    const url = await mariadb.createDatabase()
    expect(url).not.toBe(mariadb.url)
    expect(await query(url, 'show tables')).toEqual([])
  })
})

describe.each(['system', 'newest'] as const)('a private PostgreSQL, the %s version', (version) => {
  let postgres: Postgres
  beforeAll(async () => {
    postgres = await startPostgres({ own: true, version })
    return () => postgres.stop()
  })
  const ask = async (url: string, sql: string) => {
    let rows: unknown[] = []
    await withClient(url, async (client) => ({ rows } = await client.query(sql)))
    return rows
  }

  test('keeps committed rows across a kill -9', async () => {
    await ask(postgres.url, 'create table t (n int)')
    await ask(postgres.url, 'insert into t values (42)')
    await postgres.kill()
    await expect(ask(postgres.url, 'select n from t')).rejects.toThrow(/ECONNREFUSED/)
    await postgres.restart()
    expect(await ask(postgres.url, 'select n from t')).toEqual([{ n: 42 }])
  })

  test('freezes with its open connections', async () => {
    await withClient(postgres.url, async (client) => {
      await client.query('select 1')
      postgres.pause()
      const answer = client.query('select 2 as n')
      const late = new Promise((resolve) => setTimeout(resolve, 100, 'late'))
      expect(await Promise.race([answer, late])).toBe('late')
      postgres.resume()
      expect((await answer).rows).toEqual([{ n: 2 }])
    })
  })

  test('gives every caller a separate empty database', async () => {
    const url = await postgres.createDatabase()
    expect(url).not.toBe(postgres.url)
    expect(await ask(url, "select 1 from pg_tables where schemaname = 'public'")).toEqual([])
  })
})

describe('a private Redis', () => {
  let redis: Redis
  beforeAll(async () => {
    redis = await startRedis({ own: true })
    return () => redis.stop()
  })

  test('answers, freezes, thaws and restarts on its port', async () => {
    expect(await exchange(redis.port, 'SET a 1\r\n')).toBe('+OK\r\n')
    redis.pause()
    await expect(exchange(redis.port, 'GET a\r\n', 100)).rejects.toThrow(/Nothing came/)
    redis.resume()
    expect(await exchange(redis.port, 'GET a\r\n')).toBe('$1\r\n1\r\n')
    await redis.restart()
    expect(await exchange(redis.port, 'GET a\r\n')).toBe('$-1\r\n')
  })
})

describe('a private nginx', () => {
  let nginx: Nginx
  beforeAll(async () => {
    nginx = await startNginx(({ port }) => `server { listen 127.0.0.1:${port}; location /hello { return 200 "hi"; } }`)
    return () => nginx.stop()
  })

  test('serves its configuration and keeps its log', async () => {
    expect(await (await fetch(`${nginx.url}/hello?x=1`)).text()).toBe('hi')
    expect(nginx.accessLog()).toContain('GET /hello?x=1')
  })
})

describe('headless Chromium', () => {
  test('shows a page', async () => {
    const browser = await launchBrowser()
    const page = await browser.newPage()
    await page.setContent('<h1>Bonjour</h1>')
    expect(await page.textContent('h1')).toBe('Bonjour')
    await browser.close()
  })
})

describe.runIf(process.platform === 'linux')('a process that is killed', () => {
  test('takes its servers with it', async () => {
    const script = `
      const { startRedis } = await import('${resolve(import.meta.dirname, '../src/servers/servers.ts')}')
      const redis = await startRedis({ own: true })
      process.stdout.write(String(redis.port))
      process.kill(process.pid, 'SIGKILL')
    `
    const { stdout, signal } = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' })
    expect(signal).toBe('SIGKILL')
    const ask = () => exchange(Number(stdout), 'PING\r\n').catch((error: Error) => error.message)
    await expect.poll(ask).toContain('ECONNREFUSED')
  })
})
