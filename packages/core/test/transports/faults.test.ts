import { fork } from 'node:child_process'
import { once } from 'node:events'
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { webhook } from '../../src/transports/channels/webhook.ts'
import { removeFolder, temporaryFolder } from '@focus-api/test-kit/servers/servers'
import { describeOverDatabases, describeOverServers } from '@focus-api/test-kit/databases/matrix'
import { manualClock, recordingLogger } from '@focus-api/core/testing'
import { openBench, recorder } from './support/bench.ts'
import { say, startHttpPeer } from './support/http-peer.ts'

const secret = `whsec_${randomBytes(32).toString('base64')}`
const closing: Array<() => Promise<void> | void> = []
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close()
})

describeOverDatabases('a worker that is killed', (databases) => {
  test('in the middle of a delivery loses nothing: it is sent again with the same id', async () => {
    const url = await databases.create()
    let hold = true
    const peer = await startHttpPeer((_, response) => {
      if (!hold) say(response, 200)
    })
    closing.push(() => peer.close())
    const clock = manualClock()
    const bench = await openBench({ url, clock, transports: [webhook({ url: peer.url, secret })] })
    closing.push(() => bench.close())
    for (let count = 0; count < 5; count += 1) await bench.commit({}, { transport: 'webhook' })

    const child = fork(join(import.meta.dirname, 'support/worker-process.ts'), [url, peer.url, secret], {
      execArgv: ['--conditions=@focus-api/source'],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    })
    closing.push(() => void child.kill('SIGKILL'))
    await expect.poll(() => peer.requests.length, { timeout: 15_000 }).toBe(2)
    child.kill('SIGKILL')
    await once(child, 'exit')
    const interrupted = peer.requests.map(({ headers }) => headers['webhook-id'])

    hold = false
    clock.advance(10_000)
    expect(await bench.outbound.runDue()).toBe(0)
    clock.advance(600_000)
    await bench.outbound.runDue()
    const again = peer.requests.slice(2).map(({ headers }) => headers['webhook-id'])
    expect(new Set(again).size).toBe(5)
    expect(again).toEqual(expect.arrayContaining(interrupted))
    expect((await bench.outbound.deliveries.list()).deliveries).toEqual([])
  })
})

describe('a database that becomes unavailable', () => {
  test('is logged in lines that keep the error when written as JSON', async () => {
    const logger = recordingLogger()
    const { lines } = logger
    const { transport } = recorder('a')
    const bench = await openBench({ url: 'sqlite::memory:', transports: [transport], logger })
    closing.push(() => bench.close())
    await bench.database.db.schema.dropTable('focus_outbox').execute()
    bench.outbound.start()
    await expect.poll(() => lines.length).toBeGreaterThan(0)
    expect(JSON.parse(JSON.stringify(lines[0]))).toMatchObject({
      level: 'warn',
      fields: {
        transport: 'a',
        error: { name: 'SqliteError', message: 'no such table: focus_outbox', code: 'SQLITE_ERROR' },
      },
    })
  })
})

describeOverServers('a server that becomes unavailable', ({ start }) => {
  test('delays deliveries until it is back', async () => {
    const server = await start()
    closing.push(() => server.stop())
    const { transport, received } = recorder('a')
    const bench = await openBench({ url: server.url, transports: [transport] })
    closing.push(() => bench.close())
    bench.outbound.start()
    await bench.commit({}, { transport: 'a' })
    await expect.poll(() => received.length, { timeout: 5_000 }).toBe(1)
    await server.kill()
    bench.outbound.wake()
    await server.restart()
    await bench.commit({}, { transport: 'a' })
    await expect.poll(() => received.length, { timeout: 15_000 }).toBe(2)
    await expect
      .poll(async () => (await bench.outbound.deliveries.list()).deliveries.length, { timeout: 10_000 })
      .toBe(0)
  })
})

describe('a long queue', () => {
  test('is emptied with constant memory', async () => {
    const folder = temporaryFolder('outbox')
    closing.push(() => removeFolder(folder))
    let most = 0
    let inFlight = 0
    const { transport } = recorder(
      'a',
      async () => {
        inFlight += 1
        most = Math.max(most, inFlight)
        await new Promise<void>((resolve) => setImmediate(resolve))
        inFlight -= 1
      },
      { concurrency: 4 },
    )
    const bench = await openBench({ url: `sqlite:${join(folder, 'focus.db')}`, transports: [transport] })
    closing.push(() => bench.close())
    for (let batch = 0; batch < 10; batch += 1) {
      await bench.commit({}, ...Array.from({ length: 100 }, () => ({ transport: 'a' })))
    }
    const leased: number[] = []
    const lease = bench.store.lease.bind(bench.store)
    bench.store.lease = async (request) => {
      const result = await lease(request)
      const counts = await bench.store.counts(bench.clock())
      leased.push(counts.find(({ state }) => state === 'leased')?.count ?? 0)
      return result
    }
    expect(await bench.outbound.runDue()).toBe(1_000)
    expect(most).toBe(4)
    // The slots of a worker limit the deliveries that it leases, regardless of the queue.
    expect(Math.max(...leased)).toBeLessThanOrEqual(4 * 8 + 4 + 100)
    expect((await bench.outbound.deliveries.list()).deliveries).toEqual([])
  })
})
