import { decodeProtectedHeader } from 'jose'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { describeOverDatabases } from '@focus-api/test-kit/databases/matrix'
import { profileOf } from '@focus-api/test-kit/focus/profile'
import type { TestUser } from '../../../../../test/realtime/running-focus.ts'
import type { FocusOptions } from '../../../src/options/options.ts'
import { type TestNode, TestNodes } from '../support/node-pair.ts'

const brokers: { name: string; broker: FocusOptions }[] = [
  { name: 'of an application', broker: {} },
  { name: 'of the database', broker: { broker: 'database' } },
]

/** Longer than anything is remembered without a message. */
const healedMs = 20_000

describeOverDatabases('A change on one node applies on the other', (databases) => {
  let nodes: TestNodes
  beforeEach(async () => {
    nodes = new TestNodes(await databases.empty())
  })
  afterEach(() => nodes.stop())

  async function start(options: FocusOptions = {}): Promise<[TestNode, TestNode]> {
    const started: [TestNode, TestNode] = [await nodes.start('n1', options), await nodes.start('n2', options)]
    await nodes.acquainted()
    return started
  }

  /** The title that a node writes for a user. */
  async function titleOn({ app }: TestNode, user: TestUser): Promise<string> {
    await app.focus.notifications.notifyLimitWarning({ userId: user.id, appName: 'X', percentage: 80 })
    const { notifications } = await (await app.as(user, '/notifications?limit=1')).json()
    return notifications[0].title
  }

  /** Returns whether a token of a node, signed before, is accepted there. */
  const isAccepted = async ({ app }: TestNode, token: string) =>
    (await app.as({ id: 0, token }, '/notifications')).status === 200

  test.each(brokers)('by the broker $name: the language of a user', async ({ broker }) => {
    // What is remembered for a time is remembered for ever: only a message can drop it.
    const now = Date.now()
    const [one, two] = await start({ ...broker, clock: () => now })
    const alice = await one.app.signIn('alice')
    await one.app.focus.preferences.put(alice.id, { locale: 'fr' })
    const french = await titleOn(one, alice)
    await expect.poll(() => titleOn(two, alice), { timeout: healedMs }).toBe(french)
    await one.app.focus.preferences.put(alice.id, { locale: 'en' })
    await expect.poll(() => titleOn(two, alice), { timeout: healedMs }).not.toBe(french)
  })

  test.each(brokers)('by the broker $name: leaked keys', async ({ broker }) => {
    const [one, two] = await start(broker)
    const { token } = await one.app.signIn('alice')
    expect(await isAccepted(two, token)).toBe(true)
    await one.app.focus.auth.keys.rotate({ immediately: true })
    await expect.poll(() => isAccepted(two, token), { timeout: healedMs }).toBe(false)
    const { token: next } = await two.app.signIn('bob')
    expect(await isAccepted(one, next)).toBe(true)
    const [newest] = (await one.app.focus.auth.keys.list()).toReversed()
    expect(decodeProtectedHeader(next).kid).toBe(newest?.kid)
  })

  test('without the broker: leaked keys and disabled users, within seconds', async () => {
    const [one, two] = await start()
    one.broker.connect(false)
    const [alice, bob] = [await one.app.signIn('alice'), await one.app.signIn('bob')]
    const client = await nodes.connect(two, alice)
    expect(await isAccepted(two, alice.token)).toBe(true)
    await one.app.admin(`/admin/users/${alice.id}/disable`, {})
    expect((await client.closed).code).toBe(4503)
    expect(await isAccepted(two, alice.token)).toBe(false)
    expect(await isAccepted(two, bob.token)).toBe(true)
    await one.app.focus.auth.keys.rotate({ immediately: true })
    await expect.poll(() => isAccepted(two, bob.token), { timeout: healedMs }).toBe(false)
  })

  test('a sign-in that changed the e-mail address is told once, and one that changed nothing is not', async () => {
    const [one, two] = await start()
    const profile = profileOf('alice', { preferredUsername: 'alice', email: 'old@example.com', emailVerified: true })
    const { user } = await one.app.focus.auth.accounts.signIn(profile)
    const heard: unknown[] = []
    two.broker.onMessage((message) => heard.push(message))
    await one.app.focus.auth.accounts.signIn({ ...profile, email: 'new@example.com' })
    await one.app.focus.auth.accounts.signIn({ ...profile, email: 'new@example.com' })
    const changes = heard.filter((message) => (message as { kind: string }).kind === 'user_changed')
    expect(changes).toMatchObject([{ kind: 'user_changed', userKey: String(user.id) }])
  })
})
