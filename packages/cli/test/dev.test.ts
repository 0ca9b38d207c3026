import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { createServer, get, type IncomingMessage, request } from 'node:http'
import { hostname, networkInterfaces } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { type FocusDev, reach, startFocusDev } from '@focus-api/test-kit/focus/focus-dev'
import { openSocket } from '@focus-api/test-kit/focus/notification-socket'
import { freePort } from '@focus-api/test-kit/servers/ports'
import { testOnDatabase } from '@focus-api/test-kit/databases/matrix'
import { startMariadb, startPostgres, startRedis } from '@focus-api/test-kit/servers/servers'
import { signIn } from '@focus-api/test-kit/focus/sign-in'
import { temporaryFolder } from '@focus-api/test-kit/processes/temporary-folder'
import { errorOf, focus } from './command.ts'

const cleanups: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const clean of cleanups.splice(0).toReversed()) await clean()
})

async function start(options: Parameters<typeof startFocusDev>[0] = {}): Promise<FocusDev> {
  const server = await startFocusDev(options)
  cleanups.push(() => server.stop())
  return server
}

function folder(): string {
  return temporaryFolder('cli')
}

const hasIpv6Loopback = () =>
  Object.values(networkInterfaces()).some((list) => list?.some(({ address }) => address === '::1'))

const answers = (url: string) =>
  fetch(url).then(
    () => true,
    () => false,
  )

describe('focus dev', () => {
  test('announces itself in its data folder, readable only by its owner, until it ends', async () => {
    const server = await start()
    const announcement = join(server.data, 'dev.json')
    expect(JSON.parse(readFileSync(announcement, 'utf8'))).toEqual({
      url: server.url,
      admin_key: server.adminKey,
      pid: server.process.pid,
    })
    for (const name of ['dev.json', 'admin-key', 'issuer.json']) {
      expect(statSync(join(server.data, name)).mode & 0o777, name).toBe(0o600)
    }
    expect(await server.end('SIGTERM')).toBe(0)
    expect(readdirSync(server.data).toSorted()).toEqual([
      '.gitignore',
      'admin-key',
      'focus.db',
      'focus.db.secret',
      'issuer.json',
    ])
    expect(await answers(server.url)).toBe(false)
    expect(await answers(server.issuer)).toBe(false)
  })

  test('exits 130 after Ctrl-C, even if a launcher repeats it', async () => {
    const server = await start()
    const ended = server.end('SIGINT')
    for (let repetition = 0; repetition < 3; repetition += 1) server.process.kill('SIGINT')
    expect(await ended).toBe(130)
    expect(existsSync(join(server.data, 'dev.json'))).toBe(false)
  })

  test('keeps users, key and admin key over a second start, even on another port', async () => {
    const first = await start()
    const before = await signIn(first, 'alice')
    await first.end()
    const second = await start({ data: first.data })
    const after = await signIn(second, 'alice')
    expect(after.user.id).toBe(before.user.id)
    expect(second.adminKey).toBe(first.adminKey)
    expect(second.issuer).toBe(first.issuer)
  })

  test('recognizes users when its issuer had to move to another port', async () => {
    const first = await start()
    const before = await signIn(first, 'alice')
    await first.end()
    const squatter = createServer().listen(Number(new URL(first.issuer).port), '127.0.0.1')
    cleanups.push(() => new Promise<void>((done) => void squatter.close(() => done())))
    const second = await start({ data: first.data })
    expect(second.issuer).not.toBe(first.issuer)
    expect((await signIn(second, 'alice')).user.id).toBe(before.user.id)
  })

  test('starts on the data folder of a killed server', async () => {
    const first = await start()
    await first.end('SIGKILL')
    expect(existsSync(join(first.data, 'dev.json'))).toBe(true)
    const stats = await focus(['stats', '--json'], { cwd: folder() })
    expect(errorOf(stats).code).toBe('no_server')
    const second = await start({ data: first.data })
    expect(await answers(`${second.url}/api/health`)).toBe(true)
  })

  test('answers as localhost and as 127.0.0.1, and redirects the page to the host of its cookies', async () => {
    const server = await start()
    const byNumber = server.url.replace('localhost', '127.0.0.1')
    expect(await answers(`${byNumber}/api/health`)).toBe(true)
    const page = await fetch(`${byNumber}/?a=1`, { redirect: 'manual' })
    expect(page.headers.get('location')).toBe(`${server.url}/?a=1`)
  })

  test('answers when localhost resolves to ::1', async () => {
    const server = await start()
    const { port } = new URL(server.url)
    const answer = await new Promise<number | string | undefined>((resolve) => {
      get({ host: '::1', port, path: '/api/health' }, ({ statusCode }) => resolve(statusCode)).on(
        'error',
        ({ message }) => resolve(message),
      )
    })
    expect(answer).toBe(hasIpv6Loopback() ? 200 : expect.stringContaining('::1'))
    expect(await server.end()).toBe(0)
  })

  testOnDatabase('mariadb').each([
    ['a database', []],
    ['a database and Redis', [startRedis]],
  ])('two servers on %s share users, tokens and notifications', async (_, others) => {
    const db = await startMariadb()
    cleanups.push(() => db.stop())
    const env: Record<string, string> = { DATABASE_URL: db.url }
    for (const startOther of others) {
      const redis = await startOther()
      cleanups.push(() => redis.stop())
      env.REDIS_URL = redis.url
    }
    await shareEverything(env)
  })

  testOnDatabase('postgres')('two servers on a PostgreSQL share users, tokens and notifications', async () => {
    const db = await startPostgres()
    cleanups.push(() => db.stop())
    await shareEverything({ DATABASE_URL: db.url })
  })

  async function shareEverything(env: Record<string, string>): Promise<void> {
    const one = await start({ env })
    const other = await start({ env })
    const alice = await signIn(one, 'alice')
    expect((await signIn(other, 'alice')).user.id).toBe(alice.user.id)
    const socket = await openSocket(other, alice.access_token)
    await socket.next('connection')
    const sent = await focus(['notify', 'alice', '--title', 'T', '--message', 'across'], {
      cwd: folder(),
      env: reach(one),
    })
    expect(sent.code).toBe(0)
    expect(await socket.next('notification')).toMatchObject({ message: 'across' })
    await socket.close()
  }

  test('answers 400 to an invalid request target', async () => {
    const server = await start()
    for (const url of [server.url, server.issuer]) {
      for (const [method, target] of [
        ['GET', '//['],
        ['POST', '//['],
        ['GET', 'http://['],
        ['GET', '/\\x:port/'],
      ] as const) {
        const { status } = await ask(url, { host: 'localhost', method, target })
        expect([url, method, target, status]).toEqual([url, method, target, 400])
      }
    }
  })

  test('answers an unknown route with a problem', async () => {
    const server = await start()
    const answer = await fetch(`${server.url}/api/nothing`)
    expect([answer.status, answer.headers.get('content-type')]).toEqual([
      404,
      'application/problem+json; charset=utf-8',
    ])
    expect(await answer.json()).toEqual({
      type: 'urn:focus:problem:not_found',
      title: 'Not found',
      status: 404,
      code: 'not_found',
      detail: 'No route exists for GET /api/nothing.',
    })
  })

  test('shows stats on loopback without a key, as in the guide', async () => {
    const server = await start()
    const stats = await fetch(`${server.url}/api/ws/stats`)
    expect(await stats.json()).toMatchObject({ websocket_enabled: true, active_users: 0 })
  })

  test('reads .env of the folder, which the environment overrides', async () => {
    const cwd = folder()
    writeFileSync(join(cwd, '.env'), 'GOOGLE_CLIENT_ID=only-half\nFOCUS_ADMIN_KEY=from-the-env-file-0123\n')
    const half = await focus(['dev', '--port', '0', '--json'], { cwd })
    expect(errorOf(half).code).toBe('invalid_option')
    const whole = await focus(['dev', '--port', '0', '--json'], {
      cwd,
      env: { GOOGLE_CLIENT_SECRET: 'the-other-half' },
      endAt: { text: '"admin_key"', signal: 'SIGTERM' },
    })
    expect(whole.code).toBe(0)
    expect(JSON.parse(whole.stdout)).toMatchObject({
      admin_key: 'from-the-env-file-0123',
      issuer: 'https://accounts.google.com',
    })
  })

  test('prints one line with --json, and nothing else on stdout', async () => {
    const { stdout, code } = await focus(['dev', '--port', '0', '--json'], {
      cwd: folder(),
      endAt: { text: '"database"', signal: 'SIGTERM' },
    })
    expect(code).toBe(0)
    expect(Object.keys(JSON.parse(stdout))).toEqual(['url', 'admin_key', 'issuer', 'database'])
    expect(stdout.trimEnd().split('\n')).toHaveLength(1)
  })

  test('prints plain text without colours when stdout is not a terminal', async () => {
    const { stdout } = await focus(['dev', '--port', '0'], {
      cwd: folder(),
      endAt: { text: 'Ctrl-C', signal: 'SIGTERM' },
    })
    expect(stdout).toMatch(/Focus is ready at http:\/\/localhost:\d+/)
    expect(stdout).toContain('For development only')
    expect(stdout).toMatch(/^ +npx focus notify alice /m)
    expect(stdout).toMatch(/^ +npx focus stats --watch$/m)
    expect(stdout).not.toContain('\u001b')
  })
})

/** As a browser sends it to whatever address the name leads to. */
function ask(
  url: string,
  {
    host,
    method = 'GET',
    upgrade = false,
    target,
  }: { host: string; method?: string; upgrade?: boolean; target?: string },
): Promise<{ status: number | undefined; type: string | undefined; body: string }> {
  const { port, pathname } = new URL(url)
  const handshake = {
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-version': '13',
    'sec-websocket-key': Buffer.alloc(16).toString('base64'),
  }
  const headers = { host, ...(upgrade ? handshake : {}) }
  return new Promise((resolve, reject) => {
    const answered = (response: IncomingMessage) => {
      let body = ''
      response.on('data', (bytes: Buffer) => (body += bytes.toString()))
      response.on('end', () => resolve({ status: response.statusCode, type: response.headers['content-type'], body }))
    }
    request({ host: '127.0.0.1', port, path: target ?? pathname, method, headers }, answered)
      .on('upgrade', (response, socket) => {
        socket.destroy()
        resolve({ status: response.statusCode, type: undefined, body: '' })
      })
      .on('error', reject)
      .end()
  })
}

describe('focus dev answers for this machine only, whatever name resolves to it', () => {
  test('page, routes, upgrade and issuer', async () => {
    const server = await start()
    for (const [path, method] of [
      ['/', 'GET'],
      ['/focus-page/page.js', 'GET'],
      ['/focus-page/notifications', 'POST'],
      ['/focus', 'GET'],
      ['/api/health', 'GET'],
      ['/api/auth/google/login', 'GET'],
      ['/api/auth/refresh', 'OPTIONS'],
      ['/api/ws/stats', 'GET'],
      ['/nowhere', 'GET'],
    ] as const) {
      const { status, type, body } = await ask(server.url + path, { host: 'evil.example:8000', method })
      expect([path, status, type]).toEqual([path, 421, 'application/problem+json; charset=utf-8'])
      expect(JSON.parse(body)).toMatchObject({ status: 421, code: 'host_not_allowed' })
    }
    const socket = `${server.url}/api/ws/notifications`
    const refused = await ask(socket, { host: 'evil.example', upgrade: true })
    expect([refused.status, JSON.parse(refused.body).code]).toEqual([421, 'host_not_allowed'])
    expect((await ask(`${server.url}/elsewhere`, { host: 'localhost', upgrade: true })).status).toBe(404)
    for (const path of ['/.well-known/openid-configuration', '/auth', '/sign-in.css']) {
      const { status, type, body } = await ask(server.issuer + path, { host: 'evil.example' })
      expect([path, status, type]).toEqual([path, 421, 'text/plain; charset=utf-8'])
      expect(body).toBe('The development issuer answers for localhost only, not for "evil.example".\n')
    }

    for (const host of ['localhost', '127.0.0.1', '[::1]:1', 'app.localhost']) {
      expect((await ask(`${server.url}/api/health`, { host })).status, host).toBe(200)
      expect((await ask(socket, { host, upgrade: true })).status, host).toBe(101)
      expect((await ask(`${server.issuer}/.well-known/openid-configuration`, { host })).status, host).toBe(200)
    }
  })

  test('answers for its public URL, and for every address when it listens on all', async () => {
    const data = temporaryFolder('dev')
    await start({
      data,
      args: ['--host', '0.0.0.0'],
      env: { FOCUS_PUBLIC_URL: 'https://focus.example', FOCUS_SECRET: 'x'.repeat(40) },
    })
    const { url }: { url: string } = JSON.parse(readFileSync(join(data, 'dev.json'), 'utf8'))
    for (const host of ['focus.example', '192.0.2.7:8000', hostname(), 'localhost']) {
      expect((await ask(`${url}/api/health`, { host })).status, host).toBe(200)
    }
    expect((await ask(`${url}/api/health`, { host: 'evil.example' })).status).toBe(421)
  })
})

describe('focus dev rejects in one sentence', () => {
  test('a port that is taken', async () => {
    const port = await freePort()
    const squatter = createServer().listen(port, '127.0.0.1')
    cleanups.push(() => new Promise<void>((done) => void squatter.close(() => done())))
    const cwd = folder()
    const run = await focus(['dev', '--port', String(port), '--json'], { cwd })
    expect(run.code).toBe(1)
    expect(errorOf(run)).toMatchObject({
      code: 'port_taken',
      message: `Port ${port} of 127.0.0.1 is in use by another program.`,
    })
    expect(run.stderr).not.toMatch(/at .*\.(js|ts):/)
    expect(existsSync(join(cwd, '.focus/dev.json'))).toBe(false)
  })

  test.concurrent('a data folder that is a file', async () => {
    const cwd = folder()
    writeFileSync(join(cwd, 'file'), '')
    const run = await focus(['dev', '--port', '0', '--data', 'file/below', '--json'], { cwd })
    expect(run.code).toBe(1)
    expect(errorOf(run).message).toMatch(
      /^The data folder .*file\/below cannot be used: a part of the path is a file\.$/,
    )
  })

  test.concurrent.each(['/dev/null/focus', '/proc/focus'])(
    'the data folder %s, which nobody may make, not even root',
    async (data) => {
      const run = await focus(['dev', '--port', '0', '--data', data, '--json'], { cwd: folder() })
      expect(run.code).toBe(1)
      expect(errorOf(run)).toMatchObject({
        code: 'data_folder',
        message: expect.stringMatching(/^The data folder .* cannot be used: [a-z -]+\.$/),
      })
    },
  )

  test('a second server on the same data folder', async () => {
    const server = await start()
    const run = await focus(['dev', '--port', '0', '--data', server.data, '--json'], { cwd: folder() })
    expect(run.code).toBe(1)
    expect(errorOf(run)).toMatchObject({ code: 'already_running', message: expect.stringContaining(server.url) })
    expect(await answers(`${server.url}/api/health`)).toBe(true)
  })

  test.concurrent.each([
    [
      { GOOGLE_CLIENT_ID: 'x' },
      'GOOGLE_CLIENT_ID is set and GOOGLE_CLIENT_SECRET is not: sign-in with Google requires both.',
    ],
    [
      { GOOGLE_CLIENT_SECRET: 'x' },
      'GOOGLE_CLIENT_SECRET is set and GOOGLE_CLIENT_ID is not: sign-in with Google requires both.',
    ],
    [{ PORT: 'http' }, 'PORT: expected a whole number from 0 to 65535 (0 means any free port), got "http".'],
  ])('the environment %j', async (env, message) => {
    const run = await focus(['dev', '--json'], { cwd: folder(), env })
    expect(run.code).toBe(1)
    expect(errorOf(run)).toMatchObject({ code: 'invalid_option', message })
  })

  test.concurrent.each([
    ['WEBSOCKET_HEARTBEAT_INTERVAL', 'soon'],
    ['FOCUS_ADMIN_KEY', 'short'],
    ['DATABASE_URL', 'oracle://db'],
  ])('the value of %s that Focus refuses, and the secret stays out', async (name, value) => {
    const run = await focus(['dev', '--port', '0', '--json'], { cwd: folder(), env: { [name]: value } })
    expect(run.code).toBe(1)
    expect(errorOf(run)).toMatchObject({ code: 'invalid_option', message: expect.stringContaining(name) })
  })

  test.concurrent.each([
    ['mysql://root@127.0.0.1:9/focus', /^The database does not answer: .*ECONNREFUSED/],
    ['sqlite:/proc/focus/focus.db', /^The database file \/proc\/focus\/focus\.db cannot be opened/],
  ])('the database %s, which is not there', async (url, message) => {
    const run = await focus(['dev', '--port', '0', '--json'], { cwd: folder(), env: { DATABASE_URL: url } })
    expect(run.code).toBe(1)
    expect(errorOf(run)).toMatchObject({ code: 'storage_unavailable', message: expect.stringMatching(message) })
  })

  test.concurrent.each([
    [['--port', '70000'], /^--port: expected a whole number/],
    [['--port', 'x'], /^--port: expected a whole number/],
    [['--prot', '1'], /^Unknown option '--prot'\.$/],
    [['surplus'], /^Too many arguments/],
  ])('the wrong use %j, with exit 2', async (args, message) => {
    const run = await focus(['dev', ...args, '--json'], { cwd: folder() })
    expect(run.code).toBe(2)
    expect(errorOf(run).message).toMatch(message)
  })

  test.concurrent('an address that this machine does not have', async () => {
    const run = await focus(['dev', '--port', '0', '--host', '192.0.2.1', '--json'], { cwd: folder() })
    expect(run.code).toBe(1)
    expect(errorOf(run).code).toBe('cannot_listen')
    expect(run.stderr).toContain('other machines can reach this server')
  })
})
