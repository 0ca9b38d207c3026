import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { describeOnDatabase, describeOverDatabases } from '@focus-api/test-kit/databases/matrix'
import { isRunning } from '@focus-api/test-kit/processes/processes'
import { temporaryFolder } from '@focus-api/test-kit/processes/temporary-folder'
import { Follower } from './follower.ts'
import { RunningFocus } from './running-focus.ts'
import { ServingWorkers } from './serving-workers.ts'

const secret = 'a-secret-of-a-test-that-is-long-enough-for-all'
const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index)

let server: ServingWorkers
let alice: number
let token: string
afterEach(() => server.end('SIGKILL'))

async function serve(database: string): Promise<void> {
  const first = await RunningFocus.start({ database, secret })
  alice = (await first.signIn('alice')).id
  await first.stop()
  server = await ServingWorkers.start(2, { database, secret, drainSeconds: 1 })
  token = await server.token('alice')
}

/** Connects clients until both workers have one. */
async function connectToBoth(): Promise<Follower[]> {
  const followers: Follower[] = []
  while ((await server.byWorker('focus_realtime_connections')).some((count) => !count)) {
    const follower = new Follower(token)
    await follower.connect(server.url)
    followers.push(follower)
  }
  return followers
}

describeOverDatabases('focus serve --workers', (databases) => {
  beforeEach(async () => serve(await databases.empty()))

  test('a notification reaches the clients of all workers, and a sign-out closes all of them', async () => {
    const followers = await connectToBoth()
    const nodes = new Set<string>()
    while (nodes.size < 2) {
      const { connections }: { connections: { node: string }[] } = await (await server.admin('/ws/connections')).json()
      for (const { node } of connections) nodes.add(node)
    }
    expect(nodes).toEqual(new Set(['web-1', 'web-2']))
    for (const offset of range(1, 6)) await server.notify(alice, `${offset}`)
    await Promise.all(followers.map((follower) => follower.until(6)))
    for (const { offsets } of followers) expect(offsets).toEqual(range(1, 6))
    const answer = await fetch(`${server.url}/auth/logout_all`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}` },
    })
    expect(answer.status).toBe(204)
    await Promise.all(followers.map((follower) => follower.closed()))
    for (const { closeCodes } of followers) expect(closeCodes).toEqual([4503])
  })
})

describeOnDatabase('sqlite')('the processes of focus serve --workers', () => {
  beforeEach(() => serve(`sqlite:${join(temporaryFolder('workers'), 'focus.db')}`))

  test('clients of a killed worker come back and lose nothing, and the worker is started again', async () => {
    const followers = await connectToBoth()
    const returning = new AbortController()
    const staying = followers.map(async (follower) => {
      while (!returning.signal.aborted) {
        await follower.closed()
        if (!returning.signal.aborted) await follower.connect(server.url).catch(() => undefined)
      }
    })
    await server.notify(alice, '1')
    await Promise.all(followers.map((follower) => follower.until(1)))
    const [victim = 0] = server.workerPids()
    process.kill(victim, 'SIGKILL')
    for (const offset of range(2, 20)) await server.notify(alice, `${offset}`)
    await Promise.all(followers.map((follower) => follower.until(20)))
    for (const { offsets } of followers) expect(offsets).toEqual(range(1, 20))
    expect(followers.flatMap(({ closeCodes }) => closeCodes)).toContain(1006)

    await expect.poll(() => server.byWorker('focus_worker_up')).toEqual([1, 1])
    expect(new Set(await server.byWorker('focus_worker_restarts_total'))).toEqual(new Set([0, 1]))
    expect(server.log.filter(({ msg }) => msg.startsWith('worker ended'))).toMatchObject([
      { msg: 'worker ended and is started again', signal: 'SIGKILL', worker: expect.any(Number) },
    ])
    returning.abort()
    await Promise.all(followers.map((follower) => follower.close()))
    await Promise.all(staying)
  })

  test('SIGTERM drains all workers: clients are told to reconnect, and the exit code is 0', async () => {
    const followers = await connectToBoth()
    expect(await server.end('SIGTERM')).toBe(0)
    await Promise.all(followers.map((follower) => follower.closed()))
    expect(new Set(followers.flatMap(({ closeCodes }) => closeCodes))).toEqual(new Set([1012]))
    expect(server.log.filter(({ msg }) => msg === 'ended').map(({ worker }) => worker)).toEqual(
      expect.arrayContaining([1, 2]),
    )
  })

  test('workers end when their primary process is killed', async () => {
    const pids = server.workerPids()
    expect(pids).toHaveLength(2)
    await server.end('SIGKILL')
    await expect.poll(() => pids.filter(isRunning)).toEqual([])
  })
})
