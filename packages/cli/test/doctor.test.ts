import { chmodSync, mkdirSync, writeFileSync, symlinkSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type FocusDev, startFocusDev } from '@focus-api/test-kit/focus/focus-dev'
import { freePort } from '@focus-api/test-kit/servers/ports'
import { testOnDatabase } from '@focus-api/test-kit/databases/matrix'
import { exchange } from '@focus-api/test-kit/servers/server-process'
import { startMariadb, startNginx, startPostgres, startRedis } from '@focus-api/test-kit/servers/servers'
import { signIn } from '@focus-api/test-kit/focus/sign-in'
import { temporaryFolder } from '@focus-api/test-kit/processes/temporary-folder'
import { type DevIssuer, startDevIssuer } from '../src/dev-issuer/issuer.ts'
import type { Finding } from '../src/doctor/finding.ts'
import { focus } from './command.ts'

const cleanups: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const clean of cleanups.splice(0).toReversed()) await clean()
})

function folder(files: Readonly<Record<string, string>> = {}): string {
  const made = temporaryFolder('doctor')
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(made, name, '..'), { recursive: true })
    writeFileSync(join(made, name), text)
  }
  return made
}

interface Examination {
  readonly code: number | null
  readonly ok: boolean
  readonly find: (check: string) => Finding | undefined
}

async function examine(
  cwd: string,
  { env = {}, args = [] }: { env?: NodeJS.ProcessEnv; args?: readonly string[] } = {},
): Promise<Examination> {
  const { code, stdout } = await focus(['doctor', '--json', ...args], { cwd, env })
  const { ok, checks }: { ok: boolean; checks: Finding[] } = JSON.parse(stdout)
  return { code, ok, find: (name) => checks.find(({ check }) => check === name) }
}

test.concurrent('an empty folder has no problems', async () => {
  const { code, ok } = await examine(folder())
  expect({ code, ok }).toEqual({ code: 0, ok: true })
})

test.concurrent('an invalid setting is named', async () => {
  const { code, find } = await examine(folder({ '.env': 'WEBSOCKET_HEARTBEAT_INTERVAL=soon\n' }))
  expect(code).toBe(1)
  expect(find('settings')).toMatchObject({
    status: 'failed',
    message: expect.stringContaining('WEBSOCKET_HEARTBEAT_INTERVAL'),
  })
})

test.concurrent('a misspelt setting is named with the intended one', async () => {
  const { code, find } = await examine(folder({ '.env': 'FOCUS_LOCAL=en\n' }))
  expect(code).toBe(0)
  expect(find('settings')).toMatchObject({ status: 'warning', message: expect.stringContaining('FOCUS_LOCALE') })
})

describe('OAuth', () => {
  const callback = 'http://localhost:8000/api/auth/google/callback'
  let issuer: DevIssuer
  beforeAll(async () => {
    issuer = await startDevIssuer({ redirectUris: [callback] })
  })
  afterAll(() => issuer.close())

  const configured = (issuerUrl = issuer.issuer) =>
    folder({ 'focus.config.js': `export default { google: { issuer: ${JSON.stringify(issuerUrl)} } }\n` })
  const client = () => ({ GOOGLE_CLIENT_ID: issuer.clientId, GOOGLE_CLIENT_SECRET: issuer.clientSecret })

  test.concurrent('a client that the provider knows passes', async () => {
    const { ok, find } = await examine(configured(), { env: client() })
    expect(ok).toBe(true)
    for (const check of ['google.discovery', 'clock', 'google.client', 'google.redirect_uri']) {
      expect(find(check), check).toMatchObject({ status: 'ok' })
    }
  })

  test.concurrent('redirect_uri_mismatch: the wrong address, and where to register it', async () => {
    const wrong = 'http://localhost:8000/auth/google/callback'
    const { code, find } = await examine(configured(), { env: { ...client(), GOOGLE_REDIRECT_URI: wrong } })
    expect(code).toBe(1)
    expect(find('google.redirect_uri')).toMatchObject({
      status: 'failed',
      message: expect.stringMatching(new RegExp(`${wrong}.*redirect_uri_mismatch`)),
      fix: expect.stringContaining('Authorized redirect URIs'),
      // The deprecated name has the same value for one version.
      mend: find('google.redirect_uri')?.fix,
    })
    expect(find('google.callback')).toMatchObject({ status: 'warning', fix: expect.stringContaining(callback) })
  })

  test.concurrent.each([
    ['the secret', () => ({ ...client(), GOOGLE_CLIENT_SECRET: 'wrong' })],
    ['the client ID', () => ({ ...client(), GOOGLE_CLIENT_ID: 'nobody' })],
  ])('invalid_client: %s is wrong', async (_, env) => {
    const { code, find } = await examine(configured(), { env: env() })
    expect(code).toBe(1)
    expect(find('google.client')).toMatchObject({
      status: 'failed',
      message: expect.stringContaining('invalid_client'),
      fix: expect.stringMatching(/GOOGLE_CLIENT_ID and GOOGLE_CLIENT_SECRET/),
    })
  })

  test.concurrent('incomplete credentials', async () => {
    const { code, find } = await examine(folder(), { env: { GOOGLE_CLIENT_ID: 'x' } })
    expect(code).toBe(1)
    expect(find('google.credentials')).toMatchObject({ status: 'failed', message: 'GOOGLE_CLIENT_SECRET is missing.' })
  })

  test.concurrent('an unreachable provider', async () => {
    const { find } = await examine(configured(`http://127.0.0.1:${await freePort()}`), { env: client() })
    expect(find('google.discovery')).toMatchObject({
      status: 'failed',
      message: expect.stringContaining('ECONNREFUSED'),
    })
  })

  test('a wrong clock', async () => {
    const url = await serve((_, response) => {
      response.setHeader('date', new Date(Date.now() + 120_000).toUTCString())
      response.end(
        JSON.stringify({ authorization_endpoint: `${issuer.issuer}/auth`, token_endpoint: `${issuer.issuer}/token` }),
      )
    })
    const { code, find } = await examine(configured(url), { env: client() })
    expect(code).toBe(1)
    expect(find('clock')).toMatchObject({
      status: 'failed',
      message: expect.stringMatching(/1[12]\d s behind/),
      fix: expect.stringContaining('NTP'),
    })
  })
})

describe('database and Redis', () => {
  testOnDatabase('mariadb')('a MariaDB that answers, and one that has stopped', async () => {
    const db = await startMariadb({ own: true })
    cleanups.push(() => db.stop())
    const env = { DATABASE_URL: db.url }
    const before = await examine(folder(), { env })
    expect(before.find('database')).toMatchObject({ status: 'ok' })
    expect(before.find('migrations')).toMatchObject({
      status: 'warning',
      fix: expect.stringContaining('focus migrate'),
    })
    expect((await focus(['migrate'], { cwd: folder(), env })).code).toBe(0)
    expect((await examine(folder(), { env })).find('migrations')).toMatchObject({ status: 'ok' })
    await db.kill()
    const after = await examine(folder(), { env })
    expect(after.code).toBe(1)
    expect(after.find('database')).toMatchObject({
      status: 'failed',
      message: expect.stringContaining('ECONNREFUSED'),
      fix: expect.stringContaining('DATABASE_URL'),
    })
  })

  testOnDatabase('postgres')(
    'a PostgreSQL of two hosts, of which one answers; the password stays out of reports',
    async () => {
      const db = await startPostgres({ own: true })
      cleanups.push(() => db.stop())
      const away = await freePort()
      const { port, pathname } = new URL(db.url)
      const DATABASE_URL = `postgres://focus:s3cret-word@127.0.0.1:${away},127.0.0.1:${port}${pathname}`
      const env = { DATABASE_URL, FOCUS_DEBUG: '1' }
      const outputs: string[] = []
      const run = async (...args: string[]) => {
        const { stdout, stderr } = await focus(args, { cwd: folder(), env })
        outputs.push(stdout, stderr)
        return stdout
      }
      expect(await run('migrate', '--status')).toContain('waits')
      expect(await run('migrate')).toMatch(/^Applied/)
      expect(await run('migrate')).toMatch(/^Nothing to do/)
      const report = await run('doctor', '--json')
      expect(report).toContain(`postgres://focus:***@127.0.0.1:${away},127.0.0.1:${port}${pathname} answers`)
      expect(report).toContain('the tables are up to date')
      env.DATABASE_URL = DATABASE_URL.replace(port, String(away))
      expect(await run('doctor', '--json')).toContain('ECONNREFUSED')
      env.DATABASE_URL = DATABASE_URL.replace(port, '99999')
      expect(await run('doctor', '--json')).toContain('postgres:*** does not answer')
      await run('migrate')
      expect(outputs.join('\n')).not.toContain('s3cret-word')
    },
  )

  test.each([
    ['an address', () => freePort(), 'mysql://focus:***@127.0.0.1'],
    ['an address that cannot be taken apart', async () => 'port', 'mysql:*** does not answer'],
  ])('a password of the database stays out of the report: %s', async (_, port, shown) => {
    const url = `mysql://focus:s3cret-word@127.0.0.1:${await port()}/focus`
    const { stdout, stderr } = await focus(['doctor'], { cwd: folder(), env: { DATABASE_URL: url, FOCUS_DEBUG: '1' } })
    expect(stdout).toContain(shown)
    expect(stdout + stderr).not.toContain('s3cret-word')
  })

  test('a Redis that answers, ones that refuse, and one that is unreachable', async () => {
    const redis = await startRedis({ own: true })
    cleanups.push(() => redis.stop())
    expect((await examine(folder(), { env: { REDIS_URL: redis.url } })).find('redis')).toMatchObject({ status: 'ok' })
    const guarded = await startRedis({ own: true, args: ['--requirepass', 'open-sesame'] })
    cleanups.push(() => guarded.stop())
    const url = guarded.url.replace(/\/\/(?:[^@]*@)?/, '//')
    expect((await examine(folder(), { env: { REDIS_URL: url } })).find('redis')).toMatchObject({
      status: 'failed',
      message: expect.stringContaining('requires a password'),
      fix: expect.stringContaining('REDIS_URL'),
    })
    const opened = url.replace('//', '//:open-sesame@')
    expect((await examine(folder(), { env: { REDIS_URL: opened } })).find('redis')).toMatchObject({ status: 'ok' })
    await exchange(redis.port, 'ACL SETUSER silent on >word resetchannels +@all\r\n')
    const silent = redis.url.replace('//', '//silent:word@')
    expect((await examine(folder(), { env: { REDIS_URL: silent } })).find('redis')).toMatchObject({
      status: 'failed',
      message: expect.stringContaining('does not permit'),
      fix: expect.stringContaining('&focus:*'),
    })
    const away = await examine(folder(), { env: { REDIS_URL: `redis://127.0.0.1:${await freePort()}` } })
    expect(away.find('redis')).toMatchObject({ status: 'failed', message: expect.stringContaining('ECONNREFUSED') })
  })
})

describe('WebSocket', () => {
  let server: FocusDev
  beforeAll(async () => {
    server = await startFocusDev({ env: { WEBSOCKET_HEARTBEAT_INTERVAL: '3' } })
    await signIn(server, 'alice')
  })
  afterAll(() => server.stop())

  const at = (url: string) => ({ env: { FOCUS_URL: url, FOCUS_ADMIN_KEY: server.adminKey } })
  const behindNginx = async (location: string) => {
    const upstream = server.url.replace('localhost', '127.0.0.1')
    const nginx = await startNginx(
      ({ port }) => `server { listen 127.0.0.1:${port}; location / { proxy_pass ${upstream}; ${location} } }`,
    )
    cleanups.push(() => nginx.stop())
    return nginx.url
  }
  const upgrades =
    'proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection "upgrade";'

  test('a server without a proxy passes', async () => {
    const { ok, find } = await examine(folder(), at(server.url))
    expect(ok).toBe(true)
    const cluster = ['cluster.nodes', 'cluster.versions', 'cluster.broker', 'cluster.clock']
    for (const check of ['server', 'server.ready', 'admin_key', ...cluster, 'websocket', 'websocket.idle']) {
      expect(find(check), check).toMatchObject({ status: 'ok' })
    }
  })

  test('nginx that forwards upgrades passes', async () => {
    const { ok, find } = await examine(folder(), at(await behindNginx(upgrades)))
    expect(ok).toBe(true)
    expect(find('websocket.idle')).toMatchObject({ status: 'ok' })
  })

  test('V6: nginx that the server does not trust: the missing setting', async () => {
    const forwarding = `${upgrades} proxy_set_header X-Forwarded-For $remote_addr;`
    const { ok, find } = await examine(folder(), { ...at(await behindNginx(forwarding)), args: ['--quick'] })
    expect(ok).toBe(true)
    expect(find('proxy')).toMatchObject({
      status: 'warning',
      fix: expect.stringContaining('FOCUS_TRUSTED_PROXIES=127.0.0.1'),
    })
  })

  test('nginx without upgrade headers: the missing lines', async () => {
    const { code, find } = await examine(folder(), at(await behindNginx('')))
    expect(code).toBe(1)
    expect(find('websocket')).toMatchObject({
      status: 'failed',
      message: expect.stringContaining('lost on the way'),
      fix: expect.stringContaining('proxy_set_header Upgrade $http_upgrade;'),
    })
  })

  test('nginx with a time-out below the heartbeat: the required time-out', async () => {
    const { code, find } = await examine(folder(), at(await behindNginx(`${upgrades} proxy_read_timeout 1s;`)))
    expect(code).toBe(1)
    expect(find('websocket.idle')).toMatchObject({
      status: 'failed',
      message: expect.stringMatching(
        /cut the connection after \d\.\d s of silence, before the heartbeat that comes every 3 s/,
      ),
      fix: expect.stringContaining('proxy_read_timeout 75s;'),
    })
  })

  test('nginx with an unreachable server', async () => {
    const port = await freePort()
    const nginx = await startNginx(
      (own) => `server { listen 127.0.0.1:${own.port}; location / { proxy_pass http://127.0.0.1:${port}; } }`,
    )
    cleanups.push(() => nginx.stop())
    const { find } = await examine(folder(), at(nginx.url))
    expect(find('server')).toMatchObject({
      status: 'failed',
      message: expect.stringContaining('502'),
      fix: expect.stringContaining('proxy_pass'),
    })
  })

  test('a disabled WebSocket', async () => {
    const off = await startFocusDev({ env: { WEBSOCKET_ENABLED: 'False' } })
    cleanups.push(() => off.stop())
    const { find } = await examine(folder(), { env: { FOCUS_URL: off.url, FOCUS_ADMIN_KEY: off.adminKey } })
    expect(find('websocket')).toMatchObject({
      status: 'failed',
      fix: expect.stringContaining('WEBSOCKET_ENABLED=True'),
    })
  })

  test('an invalid token', async () => {
    const { find } = await examine(folder(), { ...at(server.url), args: ['--quick', '--token', 'eyJ.nonsense.x'] })
    expect(find('token')).toMatchObject({
      status: 'failed',
      message: expect.stringContaining('invalid_token'),
      fix: expect.stringContaining('access_token'),
    })
  })

  test('a wrong admin key', async () => {
    const { find } = await examine(folder(), {
      env: { FOCUS_URL: server.url, FOCUS_ADMIN_KEY: 'a-wrong-one-0123456' },
      args: ['--quick'],
    })
    expect(find('admin_key')).toMatchObject({ status: 'failed' })
  })
})

describe.concurrent('CI/CD', () => {
  const workflow = `on: push
jobs:
  deploy:
    runs-on: ubuntu-24.04
    env: { HOST: "\${{ secrets.SERVER_HOST }}", KEY: "\${{ secrets.SERVER_SSH_KEY }}", HOOK: "\${{ secrets.SLACK_WEBHOOK }}" }
    steps: [{ run: "true" }]
`
  /** A fake of GitHub's command, with the same output format. */
  function gh(cwd: string, secrets: readonly string[]): NodeJS.ProcessEnv {
    const bin = join(cwd, 'bin')
    mkdirSync(bin)
    writeFileSync(join(bin, 'gh'), `#!/bin/sh\necho '${JSON.stringify(secrets.map((name) => ({ name })))}'\n`)
    chmodSync(join(bin, 'gh'), 0o755)
    return { PATH: `${bin}:${process.env.PATH}` }
  }

  test('secrets that the workflows need and GitHub lacks', async () => {
    const cwd = folder({ '.github/workflows/cd.yml': workflow })
    const { code, find } = await examine(cwd, { env: gh(cwd, ['SERVER_HOST']) })
    expect(code).toBe(1)
    expect(find('github.secrets')).toMatchObject({
      status: 'failed',
      message: 'Secrets are missing: SERVER_SSH_KEY.',
      fix: expect.stringContaining('gh secret set SERVER_SSH_KEY'),
    })
  })

  test('a folder and a broken link are not workflows', async () => {
    const cwd = folder({ '.github/workflows/cd.yml/notes.txt': 'x' })
    symlinkSync('nowhere', join(cwd, '.github/workflows/ci.yml'))
    const { code, find } = await examine(cwd)
    expect([code, find('workflows')?.status]).toEqual([0, 'skipped'])
  })

  test('secrets in the environment of the job that reads them', async () => {
    const cwd = folder({
      '.github/workflows/cd.yml': workflow.replace('    env:', '    environment: production\n    env:'),
    })
    const bin = join(cwd, 'bin')
    mkdirSync(bin)
    writeFileSync(
      join(bin, 'gh'),
      `#!/bin/sh
case "$*" in
  *'--env production') echo '[{"name":"SERVER_HOST"},{"name":"SERVER_SSH_KEY"}]' ;;
  *) echo '[{"name":"SLACK_WEBHOOK"}]' ;;
esac
`,
    )
    chmodSync(join(bin, 'gh'), 0o755)
    const env = { PATH: `${bin}:${process.env.PATH}` }
    expect((await examine(cwd, { env })).find('github.secrets')).toMatchObject({ status: 'ok' })
    writeFileSync(join(cwd, '.github/workflows/cd.yml'), workflow)
    expect((await examine(cwd, { env })).find('github.secrets')).toMatchObject({
      status: 'failed',
      message: 'Secrets are missing: SERVER_HOST, SERVER_SSH_KEY.',
    })
  })

  test('a missing optional secret is a warning', async () => {
    const cwd = folder({ '.github/workflows/cd.yml': workflow })
    const { code, find } = await examine(cwd, { env: gh(cwd, ['SERVER_HOST', 'SERVER_SSH_KEY']) })
    expect(code).toBe(0)
    expect(find('github.secrets')).toMatchObject({
      status: 'warning',
      message: expect.stringContaining('SLACK_WEBHOOK'),
    })
  })

  test.each([
    ['on: push\njobs:\n  a: [', 'is not YAML'],
    ['on: push\njobs:\n  a: *nothing', 'is not YAML: Unresolved alias'],
    ['on: push\njobs:\n  a: &a { runs-on: x, env: *a }', 'is not YAML: Converting circular'],
    ['jobs: { a: { runs-on: x } }', 'does not define when it runs'],
    ['on: push', 'has no jobs'],
    ['on: push\njobs: { a: { steps: [] } }', 'the job a has no runs-on'],
  ])('a workflow that GitHub rejects: %j', async (text, message) => {
    const { code, find } = await examine(folder({ '.github/workflows/ci.yml': text }))
    expect(code).toBe(1)
    expect(find('workflows')).toMatchObject({ status: 'failed', message: expect.stringContaining(message) })
  })
})

test('prints a report without --json', async () => {
  const { stdout } = await focus(['doctor'], { cwd: folder({ '.github/workflows/ci.yml': 'on: push' }) })
  expect(stdout).toMatch(/^✓ settings/m)
  expect(stdout).toMatch(/^✗ workflows +\.github\/workflows\/ci\.yml has no jobs\.\n +→ Correct the file/m)
  expect(stdout).toMatch(/1 broken/)
})

async function serve(handler: Parameters<typeof createServer>[1]): Promise<string> {
  const server: Server = createServer(handler).listen(0, '127.0.0.1')
  await new Promise((done) => server.once('listening', done))
  cleanups.push(() => {
    server.closeAllConnections()
    return new Promise<void>((done) => void server.close(() => done()))
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}
