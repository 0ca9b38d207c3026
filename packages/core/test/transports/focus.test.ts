import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { SMTPServer } from 'smtp-server'
import { afterEach, expect, test } from 'vitest'
import { createFocus, type Focus, type FocusOptions } from '../../src/index.ts'
import type { User, UserDirectory } from '../../src/auth/accounts/user-directory-port.ts'
import { describeOverDatabases } from '@focus-api/test-kit/databases/matrix'
import { recorder } from './support/bench.ts'
import { say, startHttpPeer } from './support/http-peer.ts'

const running: Focus[] = []
const adminKey = 'an-admin-key-of-the-tests'
afterEach(async () => {
  for (const focus of running.splice(0)) await focus.close()
})

const alice: User = {
  id: 1,
  username: 'alice',
  email: 'alice@example.com',
  emailVerified: true,
  fullName: 'Alice',
  avatarUrl: null,
  locale: 'en',
  disabled: false,
}

/** A directory of one user, with the methods that notifications need. */
const users: UserDirectory = {
  parseId: Number,
  get: async (id) => (Number(id) === 1 ? alice : null),
  findByAccount: async () => alice,
  findByEmail: async (email) => (email === alice.email ? alice : null),
  findByUsername: async (name) => (name === alice.username ? alice : null),
  create: async () => alice,
  linkAccount: async () => undefined,
  unlinkAccount: async () => undefined,
  accounts: async () => [],
  update: async () => alice,
  setDisabled: async () => undefined,
  list: async () => [alice],
}

async function start(options: FocusOptions): Promise<Focus> {
  const focus = await createFocus({ database: 'sqlite::memory:', adminKey, users, env: {}, ...options })
  running.push(focus)
  return focus
}

function admin(focus: Focus, path: string, body?: object): Promise<Response> {
  return focus.fetch(
    new Request(`http://localhost/api${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: { authorization: `Bearer ${adminKey}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    }),
  )
}

describeOverDatabases('createFocus with transports', (databases) => {
  test('a notification reaches every transport, a broadcast those without addresses', async () => {
    const everything = recorder('everything')
    const personal = recorder('personal', undefined, { addresses: (user) => [user.email] })
    const focus = await start({
      database: await databases.create(),
      secret: 'a secret of these tests that is long enough',
      transports: [everything.transport, personal.transport],
    })
    const receipt = await focus.notifications.notifyUser({
      userId: 1,
      title: 'Hello',
      message: 'World',
      event: 'limits',
    })
    await focus.notifications.broadcast({ title: 'All', message: 'of you' })
    await expect.poll(() => everything.received.length + personal.received.length).toBe(3)
    const id = 'id' in receipt ? receipt.id : ''
    expect(personal.received[0]).toMatchObject({
      key: `${id}:1`,
      message: { id, title: 'Hello', event: 'limits', to: ['alice@example.com'], user: { id: 1, fullName: 'Alice' } },
    })
    const carried = new Map(everything.received.map(({ message }) => [message.title, message.user?.id ?? null]))
    expect(Object.fromEntries(carried)).toEqual({ Hello: 1, All: null })
  })
})

test.each(['SLACK_WEBHOOK', 'SLACK_WEBHOOK_URL'])('%s in the environment is enough for Slack', async (variable) => {
  const peer = await startHttpPeer((_, response) => say(response, 200, 'ok'))
  const focus = await start({ env: { [variable]: `${peer.url}/services/T/B/x` } })
  await focus.notifications.notifyUser({ userId: 1, title: 'Hello', message: 'World' })
  await expect.poll(() => peer.requests[0]?.body.toString(), { timeout: 5_000 }).toContain('Hello')
  await focus.close()
  await peer.close()
})

test('SMTP_URL in the environment is enough for e-mail', async () => {
  const mails: string[] = []
  const server = new SMTPServer({
    disableReverseLookup: true,
    authOptional: true,
    onData(stream, { envelope }, done) {
      stream.resume().on('end', () => {
        mails.push(...envelope.rcptTo.map(({ address }) => address))
        done()
      })
    },
  })
  const listener = server.listen(0, '127.0.0.1')
  await once(listener, 'listening')
  const { port } = listener.address() as AddressInfo
  const focus = await start({ env: { SMTP_URL: `smtp://127.0.0.1:${port}?from=hello@app.example` } })
  await focus.notifications.notifyUser({ userId: 1, title: 'Hello', message: 'World' })
  await expect.poll(() => mails, { timeout: 5_000 }).toEqual(['alice@example.com'])
  await focus.close()
  await new Promise<void>((resolve) => server.close(resolve))
})

test('operators list, retry and purge over HTTP', async () => {
  const stubborn = recorder(
    'stubborn',
    () => {
      throw new TypeError('cannot')
    },
    { retry: { maxAttempts: 1 } },
  )
  const focus = await start({ transports: [stubborn.transport] })
  await focus.notifications.notifyUser({ userId: 1, title: 'Hello', message: 'World' })
  await expect.poll(async () => (await focus.deliveries.list({ state: 'dead' })).deliveries.length).toBe(1)
  const listed = await (await admin(focus, '/admin/deliveries?user=alice&state=dead')).json()
  expect(listed).toMatchObject({
    deliveries: [
      {
        transport: 'stubborn',
        user_id: 1,
        state: 'dead',
        attempts: 1,
        title: 'Hello',
        last_error: 'cannot (attempt 1, the last)',
      },
    ],
    next_after: null,
  })
  expect(await (await admin(focus, '/admin/deliveries/retry', {})).json()).toEqual({ retried: 1 })
  await expect.poll(() => stubborn.received.length).toBe(2)
  await expect.poll(async () => (await focus.deliveries.transports())[0]?.dead).toBe(1)
  expect(await (await admin(focus, '/admin/transports')).json()).toMatchObject({
    transports: [{ name: 'stubborn', configured: true, waiting: 0, dead: 1, disabled_reason: null }],
  })
  expect(await (await admin(focus, '/metrics')).text()).toContain(
    'focus_outbox_deliveries{transport="stubborn",state="dead"} 1',
  )
  expect(await (await admin(focus, '/admin/deliveries/purge', { transport: 'stubborn' })).json()).toEqual({ purged: 1 })
  expect((await admin(focus, '/admin/deliveries?state=lost')).status).toBe(400)
  expect((await admin(focus, '/admin/transports/pigeon/enable', {})).status).toBe(404)
})

test('operators send with the routing of a call over HTTP', async () => {
  const chat = recorder('chat')
  const focus = await start({ transports: [chat.transport, recorder('mail').transport] })
  const body = { user: 'alice', title: 'Hello', message: '', transports: ['chat'] }
  const escalate = [{ after: '5m', unless: 'read', to: 'mail' }]
  expect((await admin(focus, '/notifications', { ...body, escalate })).status).toBe(200)
  await expect.poll(() => chat.received.length).toBe(1)
  await expect
    .poll(async () => (await focus.deliveries.list()).deliveries)
    .toMatchObject([{ transport: 'mail', state: 'waiting', unless: 'read' }])
  expect((await admin(focus, '/notifications', { ...body, transports: ['pigeon'] })).status).toBe(400)
})

test('a transport that is not configured is named in the refusal', async () => {
  const focus = await start({ transports: [recorder('slack').transport] })
  await expect(
    focus.notifications.notifyUser({ userId: 1, title: 'Hello', message: 'World', transports: ['pigeon'] }),
  ).rejects.toMatchObject({ code: 'invalid_notification', message: expect.stringContaining('"pigeon"') })
})

test('a wrong setting stops the start and is named', async () => {
  await expect(start({ env: { SLACK_WEBHOOK: 'hooks.slack.com/secret' } })).rejects.toMatchObject({
    code: 'invalid_option',
    message: expect.not.stringContaining('secret'),
  })
  await expect(start({ transports: [recorder('a').transport, recorder('a').transport] })).rejects.toMatchObject({
    code: 'invalid_option',
  })
  await expect(start({ routing: { transports: ['nowhere'] } })).rejects.toMatchObject({
    code: 'invalid_option',
    message: expect.stringContaining('nowhere'),
  })
})
