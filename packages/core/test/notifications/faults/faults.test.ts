import { once } from 'node:events'
import { createInterface, type Interface } from 'node:readline'
import type { ChildProcess } from 'node:child_process'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import type { OwnServer } from '@focus-api/test-kit/databases/database-kinds'
import { describeOverDatabases, describeOverServers } from '@focus-api/test-kit/databases/matrix'
import { endProcess, spawnBound } from '@focus-api/test-kit/processes/child'
import { type Node, startNode } from '../support/node.ts'

/** `FOCUS_FAULT_ROUNDS` sets how often processes are killed; an ordinary run of the tests uses the default below. */
const rounds = Number(process.env.FOCUS_FAULT_ROUNDS ?? 2)

const nodes: Node[] = []
const writers: Writer[] = []
afterEach(async () => {
  for (const writer of writers.splice(0)) await writer.end('SIGKILL')
  for (const node of nodes.splice(0)) await node.close()
})

/** A process that sends without pause, and its accepted calls. */
class Writer {
  readonly accepted: string[] = []
  readonly ready: Promise<unknown>
  readonly exited: Promise<unknown[]>
  readonly #child: ChildProcess
  readonly #lines: Interface
  #errors = ''

  constructor(url: string, name: string, concurrency: number, calls: number) {
    const program = new URL('writer-process.ts', import.meta.url).pathname
    const args = ['--conditions=@focus-api/source', program, url, name, `${concurrency}`, `${calls}`]
    this.#child = spawnBound(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] })
    this.exited = once(this.#child, 'close')
    const { stdout, stderr } = this.#child
    if (!stdout || !stderr) throw new Error('the streams are pipes')
    stderr.on('data', (chunk) => (this.#errors += String(chunk)))
    this.#lines = createInterface(stdout)
    this.ready = Promise.race([once(this.#lines, 'line'), this.exited])
    this.#lines.on('line', (line) => line !== 'ready' && this.accepted.push(line))
    writers.push(this)
  }

  get errors(): string {
    return this.#errors
  }

  get exitCode(): number | null {
    return this.#child.exitCode
  }

  async end(signal: NodeJS.Signals): Promise<void> {
    await endProcess(this.#child, signal)
    await this.exited
  }

  /** Resolves after `count` more accepted calls. */
  async progress(count: number): Promise<void> {
    const goal = this.accepted.length + count
    while (this.accepted.length < goal) {
      await Promise.race([once(this.#lines, 'line'), this.exited])
      if (this.#child.exitCode !== null) throw new Error(`the writer ended: ${this.#errors}`)
    }
  }
}

/** Checks that each accepted call is in the log once, that no stream has a gap, and that all counts are right. */
async function checkLog(url: string, accepted: readonly string[]): Promise<void> {
  const node = await startNode(url, { config: { unknownUsers: 'accept' } })
  nodes.push(node)
  const found: string[] = []
  for (let n = 0; n < 5; n += 1) {
    const head = await node.notifications.feed.head(`shared-${n}`)
    const rows = await node.log.read(`shared-${n}`, 0, Number.MAX_SAFE_INTEGER, 1_000_000)
    expect(rows.map((row) => row.offset)).toEqual(rows.map((_, index) => index + 1))
    expect([head.offset, head.unreadCount]).toEqual([rows.length, rows.length])
    found.push(...rows.map((row) => row.id))
  }
  const inLog = new Set(found)
  expect(inLog.size).toBe(found.length)
  expect(accepted.filter((id) => !inLog.has(id))).toEqual([])
}

describeOverDatabases('faults', (databases) => {
  test('32 writers in two processes leave no gap, and no conflict reaches a caller', { timeout: 60_000 }, async () => {
    const url = await databases.create()
    const two = [new Writer(url, 'a', 16, 25), new Writer(url, 'b', 16, 25)]
    await Promise.all(two.map((writer) => writer.exited))
    expect(two.map((writer) => [writer.exitCode, writer.errors])).toEqual([
      [0, ''],
      [0, ''],
    ])
    const accepted = two.flatMap((writer) => writer.accepted)
    expect(accepted).toHaveLength(800)
    await checkLog(url, accepted)
  })

  test('the log holds all accepted notifications of a killed process', { timeout: 30_000 * rounds }, async () => {
    const url = await databases.create()
    const accepted: string[] = []
    for (let round = 0; round < rounds; round += 1) {
      const writer = new Writer(url, `round${round}`, 8, 0)
      await writer.ready
      await writer.progress(Math.floor(Math.random() * 300))
      await writer.end('SIGKILL')
      accepted.push(...writer.accepted)
      await checkLog(url, accepted)
    }
  })
})

describeOverServers('a database that is killed', ({ start }) => {
  let server: OwnServer
  beforeAll(async () => {
    server = await start()
  })
  afterAll(() => server.stop())

  test('loses and duplicates no notification that was accepted before, during and after', {
    timeout: 30_000 * rounds,
  }, async () => {
    const url = await server.createDatabase()
    const writer = new Writer(url, 'w', 8, 0)
    await writer.ready
    for (let round = 0; round < rounds; round += 1) {
      await writer.progress(Math.floor(Math.random() * 300))
      await server.kill('SIGKILL')
      await server.restart()
      await writer.progress(50)
    }
    await writer.end('SIGTERM')
    expect(writer.errors).toBe('')
    await checkLog(url, writer.accepted)
  })

  test('that stays away gives a clear error after a bounded time, and nothing is half written', {
    timeout: 30_000,
  }, async () => {
    const url = await server.createDatabase()
    const node = await startNode(url, { log: { timeoutMs: 1_000 } })
    nodes.push(node)
    await node.notifications.notifyUser({ userId: 1, title: 'before', message: 'm' })
    await server.kill('SIGKILL')
    const began = performance.now()
    await expect(node.notifications.notifyUser({ userId: 1, title: 'meanwhile', message: 'm' })).rejects.toMatchObject({
      code: 'storage_unavailable',
      status: 503,
    })
    expect(performance.now() - began).toBeLessThan(5_000)
    await server.restart()
    await node.notifications.notifyUser({ userId: 1, title: 'after', message: 'm' })
    const { notifications } = await node.notifications.inbox(1)
    expect(notifications.map((item) => [item.offset, item.title])).toEqual([
      [2, 'after'],
      [1, 'before'],
    ])
  })

  test('that hangs gives a clear error after a bounded time', { timeout: 30_000 }, async () => {
    const url = await server.createDatabase()
    const node = await startNode(url, { log: { timeoutMs: 1_000 } })
    nodes.push(node)
    await node.notifications.notifyUser({ userId: 1, title: 'before', message: 'm' })
    server.pause()
    const sent = node.notifications.notifyUser({ userId: 1, title: 'meanwhile', message: 'm' })
    await expect(sent).rejects.toMatchObject({ code: 'storage_unavailable' })
    server.resume()
  })
})
