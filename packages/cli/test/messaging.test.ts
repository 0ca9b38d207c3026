import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type FocusDev, reach, startFocusDev } from '@focus-api/test-kit/focus/focus-dev'
import { type NotificationSocket, openSocket } from '@focus-api/test-kit/focus/notification-socket'
import { freePort } from '@focus-api/test-kit/servers/ports'
import { type SignedIn, signIn } from '@focus-api/test-kit/focus/sign-in'
import { removeFolder, temporaryFolder } from '@focus-api/test-kit/processes/temporary-folder'
import { errorOf, focus } from './command.ts'

let server: FocusDev
let alice: SignedIn
let bob: SignedIn
let socket: NotificationSocket
let cwd: string

beforeAll(async () => {
  cwd = temporaryFolder('cli')
  server = await startFocusDev()
  alice = await signIn(server, 'alice')
  bob = await signIn(server, 'bob')
  socket = await openSocket(server, alice.access_token)
  await socket.next('connection')
})
afterAll(async () => {
  await socket.close()
  await server.stop()
  removeFolder(cwd)
})

const run = (args: readonly string[], env: NodeJS.ProcessEnv = reach(server)) => focus(args, { cwd, env })

describe('focus notify', () => {
  test.each(['alice', 'alice@example.com', 'id'])('reaches a user by %s', async (name) => {
    const user = name === 'id' ? String(alice.user.id) : name
    const sent = await run(['notify', user, '--title', 'Bonjour', '--message', `for ${name}`, '--json'])
    expect(sent.code).toBe(0)
    expect(sent.stderr).toBe('')
    const message = await socket.next('notification', ({ message }) => message === `for ${name}`)
    expect(JSON.parse(sent.stdout)).toEqual({
      outcome: 'created',
      id: message.id,
      offset: message.offset,
      user_id: alice.user.id,
      connections: 1,
    })
  })

  test('carries type, event and data', async () => {
    await run([
      'notify',
      'alice',
      '--title',
      'T',
      '--message',
      'all of it',
      '--type',
      'warning',
      '--event',
      'limits',
      '--data',
      '{"a":[1]}',
    ])
    expect(await socket.next('notification', ({ message }) => message === 'all of it')).toMatchObject({
      notification_type: 'warning',
      event: 'limits',
      data: { a: [1] },
    })
  })

  test.each([
    [
      ['--limit-warning', 'Instagram', '80'],
      { notification_type: 'warning', event: 'limits', data: { app_name: 'Instagram', percentage: 80 } },
    ],
    [['--app-blocked', 'TikTok'], { notification_type: 'error', event: 'limits', data: { app_name: 'TikTok' } }],
    [
      ['--activity', '{"app_name":"Maps"}'],
      { notification_type: 'info', event: 'activities', data: { app_name: 'Maps' } },
    ],
    [
      ['--challenge-update', 'Octobre', 'rank', '--message', 'Vous êtes 2e', '--data', '{"rank":2}'],
      {
        event: 'challenges',
        message: 'Vous êtes 2e',
        data: { challenge_title: 'Octobre', update_type: 'rank', rank: 2 },
      },
    ],
    [
      ['--leaderboard', 'Novembre', '--data', '{"top":1}'],
      { event: 'challenges', data: { challenge_title: 'Novembre', top: 1 } },
    ],
  ])('sends the helper %j', async (flags, expected) => {
    const sent = await run(['notify', 'alice', ...flags, '--json'])
    expect(sent, sent.stderr).toMatchObject({ code: 0 })
    const { id } = JSON.parse(sent.stdout)
    expect(await socket.next('notification', (message) => message.id === id)).toMatchObject(expected)
  })

  test('sends a helper in the requested language', async () => {
    await run(['notify', 'alice', '--limit-warning', 'Maps', '90', '--locale', 'en'])
    const message = await socket.next('notification', ({ data }) => (data as { percentage?: number }).percentage === 90)
    expect(message.title).toMatch(/limit/i)
    expect(message.title).not.toMatch(/bientot/)
  })

  test('sends to several users, one line each, and reports the unknown one', async () => {
    const sent = await run(['notify', 'alice', 'nobody', 'bob', '--title', 'T', '--message', 'several', '--json'])
    expect(sent.code).toBe(1)
    const lines = sent.stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(lines).toEqual([
      expect.objectContaining({ outcome: 'created', user_id: alice.user.id, connections: 1 }),
      { ok: false, error: expect.objectContaining({ code: 'unknown_user' }) },
      expect.objectContaining({ outcome: 'created', user_id: bob.user.id, connections: 0 }),
    ])
    await socket.next('notification', ({ message }) => message === 'several')
  })

  test('broadcasts', async () => {
    const sent = await run(['notify', '--broadcast', '--title', 'T', '--message', 'to all', '--json'])
    expect(JSON.parse(sent.stdout)).toMatchObject({ outcome: 'created', broadcast: true })
    expect(await socket.next('notification', ({ message }) => message === 'to all')).toMatchObject({ stream: 'all' })
  })

  test('prints the outcome in words', async () => {
    const sent = await run(['notify', 'bob', '--title', 'T', '--message', 'M'])
    expect(sent.stdout).toMatch(/^bob: created, offset \d+, 0 connections\n$/)
  })

  describe('delivery options', () => {
    const notify = async (user: string, ...flags: readonly string[]) => {
      const sent = await run(['notify', user, '--title', 'T', '--message', 'M', ...flags, '--json'])
      if (sent.code !== 0) throw new Error(sent.stderr)
      return JSON.parse(sent.stdout)
    }

    test('--dedupe sends only the first', async () => {
      expect(await notify('bob', '--dedupe', 'order:7:1h')).toMatchObject({ outcome: 'created' })
      expect(await notify('bob', '--dedupe', 'order:7:1h')).toMatchObject({
        outcome: 'suppressed',
        reason: 'duplicate',
      })
      const inWords = await run(['notify', 'bob', '--title', 'T', '--message', 'M', '--dedupe', 'order:7:1h'])
      expect(inWords.stdout).toBe('bob: suppressed (duplicate)\n')
    })

    test('--group merges them, with its own texts', async () => {
      const first = await notify('alice', '--group', 'comments:1h')
      const second = await notify(
        'alice',
        '--group',
        'comments:1h',
        '--group-title',
        '{count} new',
        '--group-message',
        'See',
      )
      expect(second).toMatchObject({ outcome: 'merged', id: first.id })
      expect(await socket.next('notification', ({ title }) => title === '2 new')).toMatchObject({
        id: first.id,
        count: 2,
        message: 'See',
      })
    })

    test('--rate limits the number, and --critical ignores it', async () => {
      expect(await notify('bob', '--rate', '1/1h', '--rate-key', 'k')).toMatchObject({ outcome: 'created' })
      expect(await notify('bob', '--rate', '1/1h', '--rate-key', 'k')).toMatchObject({ reason: 'rate' })
      expect(await notify('bob', '--rate', '1/1h:defer', '--rate-key', 'k')).toMatchObject({ outcome: 'deferred' })
      expect(await notify('bob', '--rate', '1/1h', '--rate-key', 'k', '--critical')).toMatchObject({
        outcome: 'created',
      })
    })

    test('--deliver-at schedules, and --cancel cancels once', async () => {
      const waiting = await run(['notify', 'bob', '--title', 'T', '--message', 'M', '--deliver-at', '1h'])
      const [, id = ''] = /^bob: scheduled, id (\S+)\n$/.exec(waiting.stdout) ?? []
      expect(id).not.toBe('')
      const cancelled = await run(['notify', '--cancel', id, '--json'])
      expect(cancelled).toMatchObject({ code: 0, stderr: '' })
      expect(JSON.parse(cancelled.stdout)).toEqual({ ok: true, id })
      const again = await run(['notify', '--cancel', id, '--json'])
      expect(again.code).toBe(1)
      expect(errorOf(again).code).toBe('unknown_notification')
    })

    test('--deliver-at and --expires-at accept times, which the server checks', async () => {
      const at = new Date(Date.now() + 3_600_000).toISOString()
      expect(await notify('bob', '--deliver-at', at)).toMatchObject({ outcome: 'scheduled' })
      const refused = await run([
        'notify',
        'bob',
        '--app-blocked',
        'X',
        '--deliver-at',
        '2h',
        '--expires-at',
        at,
        '--json',
      ])
      expect(refused.code).toBe(1)
      expect(errorOf(refused)).toMatchObject({ code: 'invalid_notification' })
    })

    test('--idempotency-key sends once to each user', async () => {
      const call = ['notify', 'alice', 'bob', '--title', 'T', '--message', 'once', '--idempotency-key', 'k1', '--json']
      const first = await run(call)
      expect((await run(call)).stdout).toBe(first.stdout)
      const ids = first.stdout
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line).id)
      expect(new Set(ids).size).toBe(2)
      const changed = await run(call.map((word) => (word === 'once' ? 'twice' : word)))
      expect(changed.code).toBe(1)
      expect(changed.stdout).toContain('idempotency_conflict')
    })

    test('--transports and --escalate name configured transports', async () => {
      expect(await notify('bob', '--transports', 'none')).toMatchObject({ outcome: 'created' })
      for (const flags of [
        ['--transports', 'pigeon'],
        ['--escalate', '5m:pigeon'],
      ]) {
        const refused = await run(['notify', 'bob', '--app-blocked', 'X', ...flags, '--json'])
        expect(refused.code).toBe(1)
        expect(errorOf(refused)).toMatchObject({
          code: 'invalid_notification',
          message: expect.stringContaining('pigeon'),
        })
      }
    })

    test('--name sends a notification of the catalogue, and rejects an unknown one', async () => {
      const call = ['notify', 'alice', '--name', 'limitWarning', '--params', '{"appName":"Chess","percentage":70}']
      const { id } = JSON.parse((await run([...call, '--json'])).stdout)
      expect(await socket.next('notification', (message) => message.id === id)).toMatchObject({
        data: { app_name: 'Chess', percentage: 70 },
      })
      const refused = await run(['notify', 'alice', '--name', 'nothing', '--json'])
      expect(refused.code).toBe(1)
      expect(errorOf(refused).message).toContain('nothing')
    })
  })

  test('gives a hint for an unknown user', async () => {
    const sent = await run(['notify', 'zoe', '--title', 'T', '--message', 'M', '--json'])
    expect(sent.code).toBe(1)
    expect(errorOf(sent)).toMatchObject({ code: 'unknown_user', hint: expect.stringMatching(/signed in/) })
    expect(sent.stderr).toContain('zoe')
  })

  test.concurrent.each([
    [['notify', '--title', 'T', '--message', 'M'], /^Name the user/],
    [['notify', 'alice'], /^--title is missing/],
    [['notify', 'alice', '--title', 'T', '--message', 'M', '--data', '{'], /^--data is not JSON/],
    [['notify', 'alice', '--broadcast', '--title', 'T', '--message', 'M'], /not both/],
    [['notify', 'alice', '--title'], /argument missing/],
    [
      ['notify', 'alice', '--app-blocked', 'X', '--deliver-at', 'soon'],
      /^--deliver-at: expected an ISO 8601 time or a/,
    ],
    [['notify', 'alice', '--app-blocked', 'X', '--rate', '5'], /^--rate: expected LIMIT\/WINDOW/],
    [['notify', 'alice', '--app-blocked', 'X', '--idempotency-key', 'é'], /^--idempotency-key requires/],
    [['notify', 'alice', '--cancel', '7'], /^--cancel takes an id and no other arguments/],
    [['notify', '--cancel', '7', '--title', 'T'], /^--cancel takes an id and no other arguments/],
    [['notfy', 'alice'], /^Unknown command 'notfy'\.$/],
    [['users', 'nope'], /^Unknown command 'nope'\.$/],
    [['deliveries', 'nope', '--limit', '1'], /^Unknown command 'nope'\.$/],
    [['users', 'list', 'nope'], /^Too many arguments for 'list'/],
    [['token'], /^Missing required argument 'user'\.$/],
    [['listen'], /^Pass either --user/],
    [['listen', '--user', 'alice', '--since', 'x'], /^--since: expected an offset/],
    [['stats', '--url', 'ftp://x'], /^--url is not an http or https address/],
  ])('refuses the wrong use %j with exit 2', async (args, message) => {
    const [name = '', ...rest] = args
    const wrong = await run([name, '--json', ...rest])
    expect(wrong.code).toBe(2)
    expect(errorOf(wrong)).toMatchObject({ code: 'usage', message: expect.stringMatching(message) })
    expect(wrong.stderr).toMatch(/^focus: /)
  })
})

describe('finding the server', () => {
  test('the `focus dev` of the folder needs no settings', async () => {
    const found = await focus(['stats', '--json'], { cwd: folderOf(server) })
    expect(JSON.parse(found.stdout)).toMatchObject({
      active_users: 1,
      active_connections: 1,
      connected_user_ids: [alice.user.id],
    })
    const sent = await focus(['notify', 'bob', '--title', 'T', '--message', 'M'], { cwd: folderOf(server) })
    expect(sent.code).toBe(0)
  })

  test('flags override the environment, which overrides .env', async () => {
    const other = join(cwd, 'other')
    mkdirSync(other, { recursive: true })
    writeFileSync(join(other, '.env'), `FOCUS_URL=http://127.0.0.1:9\nFOCUS_ADMIN_KEY=${server.adminKey}\n`)
    const byFile = await focus(['stats', '--json'], { cwd: other })
    expect(errorOf(byFile)).toMatchObject({
      code: 'unreachable',
      message: expect.stringContaining('http://127.0.0.1:9/api'),
    })
    const byEnvironment = await focus(['stats', '--json'], { cwd: other, env: { FOCUS_URL: server.url } })
    expect(byEnvironment.code).toBe(0)
    const byFlag = await focus(['stats', '--json', '--url', server.url], {
      cwd: other,
      env: { FOCUS_URL: 'http://127.0.0.1:9' },
    })
    expect(byFlag.code).toBe(0)
  })

  test('the address can contain the base path and end with a slash', async () => {
    for (const url of [`${server.url}/`, `${server.url}/api`, `${server.url}/api/`]) {
      expect((await run(['stats', '--json', '--url', url])).code, url).toBe(0)
    }
  })

  test('no server runs, and none is configured', async () => {
    const alone = await focus(['stats', '--json'], { cwd })
    expect(alone.code).toBe(1)
    expect(errorOf(alone)).toMatchObject({ code: 'no_server', hint: expect.stringContaining('`npx focus dev`') })
  })

  test('no server listens at the address', async () => {
    const port = await freePort()
    const gone = await run([
      'notify',
      'alice',
      '--title',
      'T',
      '--message',
      'M',
      '--json',
      '--url',
      `http://127.0.0.1:${port}`,
    ])
    expect(gone.code).toBe(1)
    expect(errorOf(gone)).toEqual({
      code: 'unreachable',
      message: `The server at http://127.0.0.1:${port}/api cannot be reached (ECONNREFUSED).`,
      hint: expect.stringContaining('--url'),
    })
    expect(gone.stderr).not.toMatch(/\n\s+at /)
  })

  test('another server listens at the address', async () => {
    const other = createServer((_, response) => response.writeHead(404).end('<h1>no</h1>')).listen(0, '127.0.0.1')
    await new Promise((done) => other.once('listening', done))
    const { port } = other.address() as AddressInfo
    const found = await run(['stats', '--json', '--url', `http://127.0.0.1:${port}`])
    other.close()
    expect(found.code).toBe(1)
    expect(errorOf(found).code).toBe('not_focus')
  })

  test('the admin key is wrong', async () => {
    const refused = await run([
      'notify',
      'alice',
      '--title',
      'T',
      '--message',
      'M',
      '--json',
      '--admin-key',
      'a-wrong-key-of-some-length',
    ])
    expect(refused.code).toBe(1)
    expect(errorOf(refused)).toMatchObject({
      code: 'invalid_admin_key',
      hint: expect.stringContaining('FOCUS_ADMIN_KEY'),
    })
    expect(refused.stdout + refused.stderr).not.toContain('a-wrong-key')
  })

  test('no admin key is known', async () => {
    const refused = await focus(['notify', 'alice', '--title', 'T', '--message', 'M', '--json'], {
      cwd,
      env: { FOCUS_URL: server.url },
    })
    expect(refused.code).toBe(1)
    expect(errorOf(refused).hint).toContain('FOCUS_ADMIN_KEY')
  })
})

describe('focus token', () => {
  test('prints only a token, which the server accepts', async () => {
    const { stdout, code } = await run(['token', 'alice'])
    expect(code).toBe(0)
    const me = await fetch(`${server.url}/api/auth/me`, { headers: { authorization: `Bearer ${stdout.trim()}` } })
    expect(await me.json()).toMatchObject({ username: 'alice' })
  })

  test('rejects an unknown user', async () => {
    const refused = await run(['token', 'nobody', '--json'])
    expect(refused.code).toBe(1)
    expect(errorOf(refused).code).toBe('unknown_user')
  })
})

describe('focus listen', () => {
  test('prints missed and new messages, one JSON message per line', async () => {
    const sent = await run(['notify', 'bob', '--title', 'T', '--message', 'while away', '--json'])
    const { offset } = JSON.parse(sent.stdout)
    const listening = focus(['listen', '--user', 'bob', '--since', String(offset - 1), '--json'], {
      cwd,
      env: reach(server),
      endAt: { text: 'while there', signal: 'SIGINT' },
    })
    await expect
      .poll(async () => (await run(['stats', '--json'])).stdout, { timeout: 10_000 })
      .toContain(`${bob.user.id}]`)
    await run(['notify', 'bob', '--title', 'T', '--message', 'while there'])
    const { stdout, code } = await listening
    expect(code).toBe(130)
    const messages = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(messages.find(({ type }) => type === 'connection')).toMatchObject({ user_id: bob.user.id })
    expect(messages.filter(({ type }) => type === 'notification').map(({ message }) => message)).toEqual([
      'while away',
      'while there',
    ])
  })

  test('reports an invalid token', async () => {
    const refused = await run(['listen', '--token', 'nonsense', '--json'])
    expect(refused.code).toBe(1)
    expect(refused.stderr).toContain('4500')
  })

  test('ends with 0 when its reader has gone', async () => {
    const listening = focus(['listen', '--user', 'alice', '--json'], { cwd, env: reach(server), readsOneLine: true })
    await expect
      .poll(async () => (await run(['stats', '--json'])).stdout, { timeout: 10_000 })
      .toContain('"active_connections":2')
    await run(['notify', 'alice', '--title', 'T', '--message', 'nobody reads this'])
    const { code, stderr, stdout } = await listening
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(JSON.parse(stdout)).toMatchObject({ type: 'connection' })
  })
})

/** The folder whose `.focus` is the data folder of the server. */
function folderOf({ data }: FocusDev): string {
  const folder = join(cwd, 'beside')
  mkdirSync(folder, { recursive: true })
  if (!existsSync(join(folder, '.focus'))) symlinkSync(data, join(folder, '.focus'))
  return folder
}
