import { once } from 'node:events'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import type { OwnServer } from '@focus-api/test-kit/databases/database-kinds'
import { describeOverServers } from '@focus-api/test-kit/databases/matrix'
import { removeFolder, temporaryFolder } from '@focus-api/test-kit/servers/servers'
import { Follower } from './follower.ts'
import { Node } from './node.ts'
import { RunningFocus } from './running-focus.ts'

const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index)
const secret = 'a-secret-of-a-test-that-is-long-enough-for-all'

let folder: string
let database: string
let alice: number
let nodes: Node[]

/** Creates alice in a database that the nodes share. */
beforeEach(async () => {
  folder = temporaryFolder('nodes')
  database = `sqlite:${join(folder, 'focus.db')}`
  nodes = []
  const first = await RunningFocus.start({ database, secret })
  alice = (await first.signIn('alice')).id
  await first.stop()
})
afterEach(async () => {
  await Promise.all(nodes.map((node) => node.kill()))
  removeFolder(folder)
})

async function start(options: Parameters<typeof Node.start>[0] = {}): Promise<Node> {
  const node = await Node.start({ database, ...options })
  nodes.push(node)
  return node
}

test('clients of a killed node reconnect with their positions and miss no notification', async () => {
  const first = await start()
  const token = await first.token('alice')
  const followers = range(1, 50).map(() => new Follower(token))
  await Promise.all(followers.map((follower) => follower.connect(first.url)))
  for (const offset of range(1, 10)) await first.notify(alice, `${offset}`)
  await first.kill()
  await Promise.all(followers.map((follower) => follower.closed()))
  const second = await start()
  for (const offset of range(11, 20)) await second.notify(alice, `${offset}`)
  await Promise.all(followers.map((follower) => follower.connect(second.url)))
  await second.notify(alice, '21')
  await Promise.all(followers.map((follower) => follower.until(21)))
  for (const { offsets } of followers) expect(offsets).toEqual(range(1, 21))
})

test('a node that was stopped for a while (SIGSTOP) drops no client and loses no notification', async () => {
  const node = await start({ websocket: { limits: { pingIntervalMs: 500, pongTimeoutMs: 1_500 } } })
  const follower = new Follower(await node.token('alice'))
  await follower.connect(node.url)
  node.process.kill('SIGSTOP')
  // Longer than the time after which a silent client is closed.
  await new Promise((resolve) => setTimeout(resolve, 3_500))
  node.process.kill('SIGCONT')
  await node.notify(alice, '1')
  await follower.until(1)
  await new Promise((resolve) => setTimeout(resolve, 1_000))
  expect(follower.closeCodes).toEqual([])
  await follower.close()
})

test('two nodes that publish to one user at once give contiguous and unique offsets, on sockets of both', async () => {
  const [one, two] = await Promise.all([start(), start()])
  const token = await one.token('alice')
  const [here, there] = [new Follower(token), new Follower(token)]
  await Promise.all([here.connect(one.url), there.connect(two.url)])
  await Promise.all(range(1, 40).map((index) => (index % 2 === 0 ? one : two).notify(alice, `${index}`)))
  await Promise.all([here.until(40), there.until(40)])
  expect(here.offsets).toEqual(range(1, 40))
  expect(there.offsets).toEqual(range(1, 40))
})

test('clients that move between two nodes during continuous publishing see no gap and no duplicate', async () => {
  const both = await Promise.all([start(), start()])
  const token = await both[0].token('alice')
  const follower = new Follower(token)
  let published = 0
  const publishing = new AbortController()
  const publisher = (async () => {
    while (!publishing.signal.aborted) {
      await both[published % 2 === 0 ? 0 : 1].notify(alice, `${published}`)
      published += 1
    }
  })()
  for (const round of range(1, 12)) {
    await follower.connect(both[round % 2 === 0 ? 0 : 1].url)
    await follower.until((follower.offsets.at(-1) ?? 0) + 5)
    await follower.close()
  }
  publishing.abort()
  await publisher
  await follower.connect(both[0].url)
  await follower.until(published)
  const [first = 0] = follower.offsets
  expect(follower.offsets).toEqual(range(first, published))
})

test('SIGTERM closes all clients with 1012, and the process exits by itself', { timeout: 40_000 }, async () => {
  const node = await start({ drainMs: 1_000, websocket: { limits: { connectionsPerUser: 2_000 } } })
  const token = await node.token('alice')
  const followers = range(1, 1_000).map(() => new Follower(token))
  for (let start = 0; start < followers.length; start += 100) {
    await Promise.all(followers.slice(start, start + 100).map((follower) => follower.connect(node.url)))
  }
  expect(await node.stats()).toMatchObject({ active_users: 1, active_connections: 1_000 })
  const left = once(node.process, 'exit')
  const started = performance.now()
  node.process.kill('SIGTERM')
  await Promise.all(followers.map((follower) => follower.closed()))
  expect((await left)[0]).toBe(0)
  expect(performance.now() - started).toBeGreaterThan(900)
  expect(new Set(followers.flatMap(({ closeCodes }) => closeCodes))).toEqual(new Set([1012]))
})

describeOverServers('nodes', (kind) => {
  let server: OwnServer
  beforeAll(async () => {
    server = await kind.start()
  })
  afterAll(() => server.stop())

  test('connections survive a database restart under load, and every accepted notification arrives', async () => {
    const focus = await RunningFocus.start({
      database: server.url,
      secret,
      websocket: { limits: { healIntervalMs: 500 } },
    })
    const user = await focus.signIn('alice')
    const follower = new Follower(user.token)
    await follower.connect(focus.url)
    const accepted: number[] = []
    const publishing = new AbortController()
    const publisher = (async () => {
      while (!publishing.signal.aborted) {
        try {
          const receipt = await focus.focus.notifications.notifyUser({ userId: user.id, title: 't', message: 'm' })
          if ('offset' in receipt) accepted.push(receipt.offset)
        } catch {
          // Refused while the database is unavailable; the caller got the error.
          await new Promise((resolve) => setTimeout(resolve, 50))
        }
      }
    })()
    await follower.until(20)
    await server.kill()
    await server.restart()
    const before = accepted.length
    await expect.poll(() => accepted.length, { timeout: 15_000 }).toBeGreaterThan(before + 20)
    publishing.abort()
    await publisher
    await follower.until(accepted.at(-1) ?? 0)
    expect(follower.closeCodes).toEqual([])
    expect(follower.offsets).toEqual(range(1, follower.offsets.length))
    expect(follower.offsets).toEqual(expect.arrayContaining(accepted))
    await follower.close()
    await focus.stop()
  })
})

test('a commit of another process to the same SQLite file arrives before the next healing', async () => {
  const [one, two] = await Promise.all([
    start({ websocket: { limits: { healIntervalMs: 600_000 } } }),
    start({ websocket: { limits: { healIntervalMs: 600_000 } } }),
  ])
  const follower = new Follower(await one.token('alice'))
  await follower.connect(one.url)
  await two.notify(alice, '1')
  await follower.until(1)
  await follower.close()
})
