import { once } from 'node:events'
import { spawnSync } from 'node:child_process'
import { closeSync, openSync, readdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { launchBrowser } from '@focus-api/test-kit/browsers/browser'
import { findBinary } from '@focus-api/test-kit/servers/binaries'
import { type FocusDev, reach, startFocusDev } from '@focus-api/test-kit/focus/focus-dev'
import { openSocket } from '@focus-api/test-kit/focus/notification-socket'
import { type SignedIn, signIn } from '@focus-api/test-kit/focus/sign-in'
import { temporaryFolder } from '@focus-api/test-kit/processes/temporary-folder'
import { bin, errorOf, focus, type Run } from './command.ts'

let server: FocusDev
let alice: SignedIn
let bob: SignedIn
const cwd = temporaryFolder('operating')

beforeAll(async () => {
  server = await startFocusDev()
  alice = await signIn(server, 'alice')
  bob = await signIn(server, 'bob')
})
afterAll(() => server.stop())

const run = (...args: readonly string[]) => focus(args, { cwd, env: reach(server) })
const documentOf = ({ stdout, stderr }: Run) => {
  if (stderr !== '') throw new Error(stderr)
  return JSON.parse(stdout)
}
const me = async (token: string) =>
  (await fetch(`${server.url}/api/auth/me`, { headers: { authorization: `Bearer ${token}` } })).status

describe('focus users', () => {
  test('lists and finds users', async () => {
    const all = documentOf(await run('users', 'list', '--json'))
    expect(all.users.map(({ username }: { username: string }) => username)).toEqual(['alice', 'bob'])
    const page = documentOf(await run('users', '--limit', '1', '--json'))
    expect(page).toMatchObject({ users: [{ username: 'alice' }], next_after: String(alice.user.id) })
    const found = documentOf(await run('users', 'list', '--search', 'bo', '--json'))
    expect(found.users).toMatchObject([{ id: bob.user.id, email: 'bob@example.com' }])
  })

  test('shows a user with accounts and sessions', async () => {
    expect(documentOf(await run('users', 'show', 'alice', '--json'))).toMatchObject({
      id: alice.user.id,
      accounts: [{ provider: 'google', issuer: server.issuer }],
      sessions: [expect.objectContaining({ id: expect.any(String) })],
    })
    const { stdout } = await run('users', 'show', 'alice')
    expect(stdout).toMatch(/^email +alice@example\.com$/m)
    expect(stdout).toMatch(
      /\n\nAccounts\nPROVIDER +SUBJECT +ISSUER\ngoogle +\S+ +http\S+\n\nSessions\nID +STARTED .*\n\S/,
    )
    expect(stdout).not.toContain('{')
  })

  test('disables a user, and enables them again', async () => {
    const { access_token: token } = await signIn(server, 'carol')
    const socket = await openSocket(server, token)
    const closed = new Promise<number>((resolve) =>
      socket.socket.addEventListener('close', ({ code }) => resolve(code)),
    )
    expect(documentOf(await run('users', 'disable', 'carol', '--json'))).toMatchObject({ ok: true, disabled: true })
    expect(await closed).toBe(4503)
    expect(await me(token)).toBe(401)
    expect(documentOf(await run('users', 'enable', 'carol', '--json'))).toMatchObject({ disabled: false })
    expect(await me((await signIn(server, 'carol')).access_token)).toBe(200)
  })
})

describe('focus sessions', () => {
  test('lists the sessions of a user, and ends one, then all', async () => {
    const first = await signIn(server, 'dave')
    const second = await signIn(server, 'dave')
    const { sessions } = documentOf(await run('sessions', 'list', 'dave', '--json'))
    expect(sessions).toHaveLength(2)
    expect(documentOf(await run('sessions', 'revoke', sessions[0].id, '--json'))).toEqual({ ok: true })
    const statuses = [await me(first.access_token), await me(second.access_token)]
    expect(new Set(statuses)).toEqual(new Set([200, 401]))
    expect(documentOf(await run('sessions', 'revoke', '--user', 'dave', '--json'))).toEqual({ ok: true, revoked: 1 })
    expect(await me(first.access_token)).toBe(401)
    expect(await me(second.access_token)).toBe(401)
  })
})

test('focus keys rotates, and the tokens of the old key still work', async () => {
  const before = documentOf(await run('keys', 'list', '--json')).keys
  expect(before).toMatchObject([{ state: 'active' }])
  documentOf(await run('keys', 'rotate', '--json'))
  expect(documentOf(await run('keys', '--json')).keys).toHaveLength(2)
  expect(await me(alice.access_token)).toBe(200)
})

test('focus epoch starts a new epoch, and connected clients notice', async () => {
  const socket = await openSocket(server, bob.access_token)
  const connected = await socket.next('connection')
  const { epoch } = documentOf(await run('epoch', 'show', '--json'))
  expect(connected.stream).toMatchObject({ epoch })
  const closed = new Promise<number>((resolve) => socket.socket.addEventListener('close', ({ code }) => resolve(code)))
  const rotated = documentOf(await run('epoch', 'rotate', '--json'))
  expect(rotated).toEqual({ ok: true, epoch: expect.not.stringMatching(`^${epoch}$`) })
  expect(documentOf(await run('epoch', '--json'))).toEqual({ epoch: rotated.epoch })
  expect(await closed).toBe(4003)
})

test('focus connections lists by user, and closes one', async () => {
  const socket = await openSocket(server, bob.access_token)
  const connected = await socket.next('connection')
  const { connections } = documentOf(await run('connections', '--user', 'bob', '--json'))
  expect(connections).toMatchObject([
    { id: connected.connection_id, user_id: bob.user.id, transport: 'websocket', lag: 0 },
  ])
  expect(documentOf(await run('connections', 'list', '--user', 'alice', '--json')).connections).toEqual([])
  expect((await run('connections')).stdout).toMatch(/^CONNECTION +USER +NODE/)
  const closed = new Promise((resolve) => socket.socket.addEventListener('close', resolve))
  expect(documentOf(await run('connections', 'close', connections[0].id, '--json'))).toEqual({ ok: true })
  await closed
})

test('focus nodes lists the processes that share the database', async () => {
  const socket = await openSocket(server, bob.access_token)
  await socket.next('connection')
  const { nodes, broker } = documentOf(await run('nodes', '--json'))
  expect(broker).toEqual({ kind: expect.stringMatching(/memory|database/), connected: true })
  expect(nodes).toMatchObject([{ answering: true, version: expect.stringMatching(/^\d/), users: 1, connections: 1 }])
  expect((await run('nodes')).stdout).toMatch(/^NODE +ADDRESS +VERSION +AGE +USERS +CONNECTIONS/)
  await socket.close()
})

test('focus deliveries and transports report an empty outbox', async () => {
  expect(documentOf(await run('deliveries', '--json'))).toEqual({ deliveries: [], next_after: null })
  expect(documentOf(await run('transports', '--json'))).toEqual({ transports: [] })
  expect(documentOf(await run('deliveries', 'retry', '--transport', 'slack', '--json'))).toEqual({
    ok: true,
    retried: 0,
  })
  expect((await run('deliveries', 'purge', '--older-than', '7d')).stdout).toBe('0 deleted.\n')
  expect(documentOf(await run('stats', '--json')).outbox).toEqual({ waiting: 0, dead: 0 })
})

test('focus deliveries retries a failed delivery, and deletes it, by its number', async () => {
  const channel = createServer((_, answer) => answer.writeHead(400).end('invalid_payload')).listen(0, '127.0.0.1')
  await once(channel, 'listening')
  const { port } = channel.address() as AddressInfo
  const own = await startFocusDev({ env: { SLACK_WEBHOOK: `http://127.0.0.1:${port}/hook` } })
  const ask = async (...args: readonly string[]) =>
    documentOf(await focus(['deliveries', ...args, '--json'], { cwd, env: reach(own) }))
  const dead = () =>
    vi.waitUntil(async () => (await ask('list', '--state', 'dead')).deliveries[0] ?? null, { timeout: 10_000 })
  try {
    await signIn(own, 'alice')
    await focus(['notify', 'alice', '--title', 'T', '--message', 'M'], { cwd, env: reach(own) })
    const { id } = await dead()
    expect(await ask('retry', String(id))).toEqual({ ok: true, retried: 1 })
    expect(await dead()).toMatchObject({ id })
    expect(await ask('purge', String(id))).toEqual({ ok: true, purged: 1 })
    expect((await ask('list')).deliveries).toEqual([])
  } finally {
    await own.stop()
    await new Promise((done) => channel.close(done))
  }
})

test.each([
  [['deliveries', 'list', '--state', 'foo'], '--state: expected waiting, leased or dead, got "foo".'],
  [['users', 'list', '--limit', '0'], '--limit: expected a whole number from 1 to 500, got "0".'],
  [
    ['deliveries', 'purge', '--older-than', 'x'],
    '--older-than: expected a time span such as 90s, 30m, 12h or 7d, got "x".',
  ],
])('%j names the flag and what it takes', async (args, message) => {
  expect(errorOf(await run(...args, '--json')).message).toBe(message)
})

test('an unknown connection gives the command that lists them', async () => {
  const wrong = await run('connections', 'close', 'nope')
  expect(wrong.stderr).toContain('`focus connections` lists them.')
  expect(wrong.stderr).not.toContain('GET ')
})

test('focus stats reports a refused key, and works without one', async () => {
  const refused = await run('stats', '--admin-key', 'a-wrong-key-0123456789', '--json')
  expect(refused.code).toBe(1)
  expect(errorOf(refused).code).toBe('invalid_admin_key')
  const byEnvironment = { FOCUS_URL: server.url, FOCUS_ADMIN_KEY: 'a-wrong-key-0123456789' }
  expect((await focus(['stats', '--watch'], { cwd, env: byEnvironment })).code).toBe(1)
  const open = documentOf(await focus(['stats', '--json'], { cwd, env: { FOCUS_URL: server.url } }))
  expect(open).not.toHaveProperty('latency_ms')
})

test('unwritable output is a failure of one sentence', async () => {
  const full = openSync('/dev/full', 'w')
  const run = (args: readonly string[], stdout: number | 'pipe', stderr: number | 'pipe') =>
    spawnSync(process.execPath, [bin, ...args], { cwd, stdio: ['ignore', stdout, stderr], encoding: 'utf8' })
  const lost = run(['migrate', '--status', '--json'], full, 'pipe')
  expect([lost.status, lost.stderr]).toEqual([1, expect.stringMatching(/^focus: The output cannot be written: .*\n$/)])
  expect(run(['users', '--bogus'], 'pipe', full).status).toBe(2)
  closeSync(full)
})

// Starts a process for each command, one after the other.
test('every command has an example in its help', { timeout: 120_000 }, async () => {
  const help = async (...words: readonly string[]) => (await focus([...words, '--help'], { cwd })).stdout
  const example = /^Examples:\n {2}\$ .*focus /m
  const commandsIn = (text: string) =>
    [...(text.split('\nCommands:\n')[1] ?? '').matchAll(/^ {2}([a-z]+)\b/gm)]
      .map(([, name = '']) => name)
      .filter((name) => name !== 'help')
  const names = commandsIn(await help())
  expect(names).toEqual(expect.arrayContaining(['dev', 'connections', 'users', 'sessions', 'keys', 'epoch', 'init']))
  for (const name of names) {
    const text = await help(name)
    expect(text, name).toMatch(example)
    for (const inner of commandsIn(text)) expect(await help(name, inner), `${name} ${inner}`).toMatch(example)
  }
})

test.concurrent.each([
  [['deliveries', 'list', '--state', 'lost'], 2, 'usage'],
  [['deliveries', 'purge', '--older-than', 'x'], 2, 'usage'],
  [['deliveries', 'retry', 'abc'], 2, 'usage'],
  [['deliveries', 'list', '--after', '0'], 2, 'usage'],
  [['deliveries', 'list', '--limit', '501'], 2, 'usage'],
  [['users', 'list', '--limit', '0'], 2, 'usage'],
  [['deliveries', 'retry', '7', '--transport', 'slack'], 2, 'usage'],
  [['transports', 'enable', 'nothing'], 1, 'not_found'],
  [['users', 'show', 'nobody'], 1, 'unknown_user'],
  [['users', 'disable', 'nobody'], 1, 'unknown_user'],
  [['users', 'list', '--limit', 'many'], 2, 'usage'],
  [['users', 'show'], 2, 'usage'],
  [['sessions', 'revoke'], 2, 'usage'],
  [['sessions', 'revoke', 'nothing'], 1, 'not_found'],
  [['sessions', 'list', 'nobody'], 1, 'unknown_user'],
  [['connections', 'close', 'nothing'], 1, 'unknown_connection'],
  [['connections', 'close'], 2, 'usage'],
  [['stats', '--interval', '0'], 2, 'usage'],
  [['migrate', '--to', '99'], 2, 'usage'],
  [['serve', '--port', 'x'], 2, 'usage'],
])('the wrong use %j ends with %d and %s', async (args, code, name) => {
  const wrong = await run(...args, '--json')
  expect(wrong.code).toBe(code)
  expect(errorOf(wrong).code).toBe(name)
})

describe('without a server', () => {
  test('users and sessions are managed directly in the database', async () => {
    const own = await startFocusDev()
    const { access_token: token } = await signIn(own, 'alice')
    await own.end()
    const env = { DATABASE_URL: `sqlite:${join(own.data, 'focus.db')}` }
    const shown = await focus(['users', 'show', 'alice', '--json'], { cwd, env })
    expect(JSON.parse(shown.stdout).sessions).toHaveLength(1)
    expect((await focus(['sessions', 'revoke', '--user', 'alice'], { cwd, env })).code).toBe(0)
    const again = await startFocusDev({ data: own.data })
    const refused = await fetch(`${again.url}/api/auth/me`, { headers: { authorization: `Bearer ${token}` } })
    expect(refused.status).toBe(401)
    await again.stop()
  })

  test('connections require a server', async () => {
    const env = { DATABASE_URL: `sqlite:${join(temporaryFolder('connections'), 'new.db')}` }
    expect((await focus(['migrate'], { cwd, env })).code).toBe(0)
    for (const args of [['connections'], ['connections', 'close', 'a1'], ['connections', '--user', '1']]) {
      const refused = await focus([...args, '--json'], { cwd, env })
      expect([refused.code, errorOf(refused).code]).toEqual([1, 'no_server'])
    }
  })

  test('focus migrate --status and focus doctor do not create a missing database', async () => {
    const folder = temporaryFolder('looking')
    for (const url of ['sqlite:below/new.db', `sqlite:${join(folder, 'elsewhere/deep/new.db')}`]) {
      const env = { DATABASE_URL: url }
      const { exists, migrations } = documentOf(await focus(['migrate', '--status', '--json'], { cwd: folder, env }))
      expect(exists).toBe(false)
      expect(migrations[0]).toEqual({ name: '0001-users-and-sessions', applied_at: null })
      const shown = await focus(['migrate', '--status'], { cwd: folder, env })
      expect([shown.code, shown.stdout]).toEqual([
        0,
        expect.stringContaining(`The database ${url} does not exist yet;`),
      ])
      expect(shown.stdout).toMatch(/^0001-users-and-sessions +waits$/m)
      const examined = await focus(['doctor', '--quick'], { cwd: folder, env })
      expect([examined.code, examined.stdout]).toEqual([0, expect.stringContaining(`${url} does not exist yet;`)])
      expect(readdirSync(folder)).toEqual([])
    }
  })

  test('focus migrate creates the tables, and prints the database', async () => {
    const env = { DATABASE_URL: `sqlite:${join(temporaryFolder('migrate'), 'new.db')}` }
    const first = documentOf(await focus(['migrate', '--to', '1', '--json'], { cwd, env }))
    expect(first).toEqual({ applied: ['0001-users-and-sessions'], current: '0001-users-and-sessions' })
    const { exists, migrations } = documentOf(await focus(['migrate', '--status', '--json'], { cwd, env }))
    expect(exists).toBe(true)
    expect(migrations[0]).toEqual({ name: '0001-users-and-sessions', applied_at: expect.any(String) })
    expect(migrations[1].applied_at).toBeNull()
    const rest = documentOf(await focus(['migrate', '--json'], { cwd, env }))
    expect(rest.applied).toEqual(migrations.slice(1).map(({ name }: { name: string }) => name))
    expect((await focus(['migrate'], { cwd, env })).stdout).toMatch(/^Nothing to do/)
    const back = await focus(['migrate', '--to', '1', '--json'], { cwd, env })
    expect(errorOf(back).message).toContain('forward only')
  })
})

describe('focus serve', () => {
  const configured = () => {
    const folder = temporaryFolder('serve')
    const settings = {
      DATABASE_URL: `sqlite:${join(folder, 'focus.db')}`,
      FOCUS_PUBLIC_URL: 'https://focus.example',
      FOCUS_SECRET: 'a-secret-that-is-long-enough-for-tests',
      FOCUS_ADMIN_KEY: 'an-admin-key-for-tests',
      OAUTH_ENABLED: 'False',
    }
    writeFileSync(
      join(folder, '.env'),
      Object.entries(settings)
        .map(([name, value]) => `${name}=${value}\n`)
        .join(''),
    )
    return folder
  }

  test('names all missing settings', async () => {
    const refused = await focus(['serve', '--json'], { cwd, env: { FOCUS_PUBLIC_URL: 'https://focus.example' } })
    expect(refused.code).toBe(1)
    expect(errorOf(refused)).toMatchObject({
      code: 'half_configured',
      message: expect.stringMatching(/: FOCUS_SECRET, FOCUS_ADMIN_KEY, GOOGLE_CLIENT_ID, GOOGLE_CLIENT_SECRET\.$/),
    })
  })

  test('names OAUTH_ENABLED when it is neither on nor off, not the credentials', async () => {
    const refused = await focus(['serve', '--json'], { cwd: configured(), env: { OAUTH_ENABLED: 'maybe' } })
    expect(errorOf(refused)).toMatchObject({
      code: 'invalid_option',
      message: expect.stringMatching(/^OAUTH_ENABLED/),
    })
  })

  test('serves, shows no page by default, and drains on SIGTERM', async () => {
    const folder = configured()
    const serving = focus(['serve', '--port', '0', '--host', '127.0.0.1', '--drain', '0', '--json'], {
      cwd: folder,
      endAt: { text: '"port"', signal: 'SIGTERM' },
    })
    const { code, stdout, stderr } = await serving
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({
      url: 'https://focus.example',
      host: '127.0.0.1',
      port: expect.any(Number),
    })
    const lines = stderr
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(lines.map(({ msg }) => msg)).toEqual(expect.arrayContaining(['draining', 'ended']))
  })

  test('reads focus.config.ts, which the environment overrides', async () => {
    const folder = configured()
    writeFileSync(
      join(folder, 'focus.config.mjs'),
      "export default { publicUrl: 'https://from-the-file.example', locale: 'nonsense' }\n",
    )
    const refused = await focus(['serve', '--port', '0', '--json'], { cwd: folder })
    expect(errorOf(refused).message).toMatch(/^locale: expected "fr" or "en"/)
    const serving = await focus(['serve', '--port', '0', '--host', '127.0.0.1', '--json'], {
      cwd: folder,
      env: { FOCUS_LOCALE: 'en' },
      endAt: { text: '"port"', signal: 'SIGTERM' },
    })
    expect(JSON.parse(serving.stdout).url).toBe('https://focus.example')
  })

  test.each([
    ['export const x = 1', /has no configuration as its default export/],
    ['export default []', /has no configuration as its default export/],
    ['export default {', /cannot be loaded/, 'Correct the file'],
    ['throw new Error("boom")', /cannot be loaded: boom/, 'Correct the file'],
    ['import "@focus-api/nothing"', /cannot be loaded/, 'npm install'],
    ['import "./nothing.js"', /cannot be loaded/, 'Correct the file'],
  ])('refuses the configuration %j', async (text, message, hint = '') => {
    const folder = temporaryFolder('config')
    writeFileSync(join(folder, 'focus.config.js'), text)
    const refused = await focus(['stats', '--json'], { cwd: folder })
    expect(refused.code).toBe(1)
    expect(errorOf(refused)).toMatchObject({
      code: 'invalid_config',
      message: expect.stringMatching(message),
      hint: expect.stringContaining(hint),
    })
  })

  test.each([
    ["{ databse: 'sqlite:a.db' }", 'databse: is not an option; did you mean database?'],
    [
      '{ websocket: { heartbeat: 30 } }',
      'websocket.heartbeat: is not an option; did you mean websocket.heartbeatIntervalSeconds?',
    ],
    ["{ tokens: { idleTtlSeconds: '30 days' } }", 'tokens.idleTtlSeconds: expected a whole number of seconds'],
    ['{ url: 8000 }', 'url: expected an address such as http://localhost:8000.'],
  ])('A24: refuses the configuration %s, also where no option is needed', async (config, message) => {
    const folder = temporaryFolder('config')
    writeFileSync(join(folder, 'focus.config.mjs'), `export default ${config}`)
    const refused = await focus(['stats', '--json'], { cwd: folder })
    expect(refused.code).toBe(1)
    expect(errorOf(refused)).toMatchObject({
      code: 'invalid_option',
      message: expect.stringContaining(message),
      hint: expect.stringContaining('focus.config.mjs'),
    })
  })

  test('A24: every command accepts a configuration with the address of the server', async () => {
    const folder = configured()
    writeFileSync(join(folder, 'focus.config.mjs'), "export default { url: 'http://127.0.0.1:9' }")
    expect((await focus(['migrate', '--json'], { cwd: folder })).code).toBe(0)
  })

  test.each(['5', '{}'])('rejects %s as a database', async (database) => {
    const folder = temporaryFolder('config')
    writeFileSync(join(folder, 'focus.config.mjs'), `export default { database: ${database} }`)
    const refused = await focus(['users', '--json'], { cwd: folder })
    expect([refused.code, errorOf(refused).code]).toEqual([1, 'invalid_option'])
  })

  test('a configuration that never loads is a failure', async () => {
    const folder = temporaryFolder('config')
    writeFileSync(join(folder, 'focus.config.mjs'), 'await new Promise(() => {})\nexport default {}')
    expect((await focus(['users'], { cwd: folder })).code).toBe(1)
  })

  test('reads an .env with a byte order mark', async () => {
    const folder = temporaryFolder('env')
    writeFileSync(join(folder, '.env'), '\uFEFFFOCUS_URL=nonsense\n')
    const refused = await focus(['users', '--json'], { cwd: folder })
    expect([refused.code, errorOf(refused).message]).toEqual([2, expect.stringContaining('FOCUS_URL')])
  })
})

describe('focus stats --watch', () => {
  test('prints one JSON document per reading without a terminal', async () => {
    const { code, stdout } = await focus(['stats', '--watch', '--interval', '0.1', '--json'], {
      cwd,
      env: reach(server),
      endAt: { text: '}\n{', signal: 'SIGINT' },
    })
    expect(code).toBe(130)
    const readings = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(readings.length).toBeGreaterThan(1)
    expect(readings[0]).toMatchObject({ active_users: 0, nodes: 1, latency_ms: { p50: null } })
  })

  test('draws on a terminal, and restores it', async () => {
    const script = findBinary('script')
    if (script === null) throw new Error('This test needs `script`, of util-linux, which gives a program a terminal.')
    const { code, stdout } = await focus(['stats', '--watch', '--interval', '0.1'], {
      cwd,
      env: { ...reach(server), TERM: 'xterm-256color' },
      terminal: script,
      pressAt: { text: '▁▁▁', keys: 'q' },
    })
    expect(code).toBe(0)
    expect(stdout).toMatch(/connections +0 /)
    expect(stdout).toContain('\u001b[36m')
    expect(stdout.lastIndexOf('\u001b[?25h\u001b[?1049l')).toBeGreaterThan(stdout.lastIndexOf('connections'))
  })
})

test('the operations page shows connections with only the admin key', async () => {
  const socket = await openSocket(server, bob.access_token)
  await socket.next('connection')
  const browser = await launchBrowser()
  try {
    const page = await (await browser.newContext({ locale: 'en-GB' })).newPage()
    await page.goto(`${server.url}/focus`)
    await page.fill('#key', 'a-wrong-key-0123456789')
    await page.click('#key-form button')
    await page.getByText('This key is refused.').waitFor()
    expect(await page.locator('#board').isVisible()).toBe(false)
    await page.fill('#key', server.adminKey)
    await page.click('#key-form button')
    await page.locator('#connections tr', { hasText: `bob (${bob.user.id})` }).waitFor()
    expect(await page.locator('.uplot canvas').count()).toBe(3)
    await page.fill('#to', 'bob')
    await page.fill('#message', 'from the page')
    await page.click('#send-form button.primary')
    expect(await socket.next('notification', ({ message }) => message === 'from the page')).toBeDefined()
    await page.getByText(/^created, offset \d+$/).waitFor()
    const sent = page.locator('#recent tr').first()
    await sent.getByText(`bob (${bob.user.id})`).waitFor()
    expect(await sent.getByRole('cell').allTextContents()).toEqual([
      expect.stringMatching(/\d/),
      `bob (${bob.user.id})`,
      'Test',
      'info',
      '',
      '',
    ])
    const node = page.locator('#node-list tr').getByRole('cell')
    expect(await node.allTextContents()).toEqual([
      expect.stringMatching(/\S/),
      expect.any(String),
      expect.stringMatching(/^\d+\.\d+/),
      expect.stringMatching(/\d:\d/),
      '1',
      '1',
    ])
    await run('notify', '--broadcast', '--title', '<b>For all</b>', '--message', 'M', '--event', 'limits')
    const broadcast = page.locator('#recent tr', { hasText: '<b>For all</b>' })
    await broadcast.getByText('all users').waitFor()
    expect(await broadcast.getByText('limits').isVisible()).toBe(true)
    const closed = new Promise((resolve) => socket.socket.addEventListener('close', resolve))
    await page.locator('#connections tr', { hasText: 'bob' }).getByRole('button', { name: 'Disconnect' }).click()
    await closed
    await page.getByText('No connections are open.').waitFor()
    await expect.poll(async () => (await node.allTextContents()).slice(-2)).toEqual(['0', '0'])
    await page.setViewportSize({ width: 380, height: 760 })
    await page.reload()
    await page.locator('#recent tr').first().waitFor()
    await page.locator('#users tr').first().waitFor()
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(380)
    await page.click('#close')
    await page.reload()
    await page.locator('#key').waitFor()
    expect(await page.locator('#board').isVisible()).toBe(false)
  } finally {
    await browser.close()
  }
})
