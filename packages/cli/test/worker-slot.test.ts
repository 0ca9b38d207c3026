import cluster from 'node:cluster'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, beforeAll, expect, test } from 'vitest'
import { WorkerSlot } from '../src/workers/worker-slot.ts'

let slot: WorkerSlot
let log: [string, object | undefined][]
beforeAll(() => {
  cluster.setupPrimary({ exec: join(import.meta.dirname, 'support/worker-process.ts'), execArgv: [] })
})
afterEach(() => slot.end('SIGKILL'))

async function start(what: string, pingMs: number): Promise<void> {
  log = []
  const write = (message: string, fields?: object) => void log.push([message, fields])
  const logger = { debug: write, info: write, warn: write, error: write }
  slot = new WorkerSlot({ number: 1, args: [what], logger, onMessage: () => undefined, pingMs })
  await slot.start()
}

const messages = () => log.map(([message]) => message)

test('a worker whose event loop is blocked is killed and started again', async () => {
  await start('block', 50)
  await expect.poll(messages).toContain('worker started again')
  expect(log.slice(0, 2)).toEqual([
    ['worker does not answer and is killed', { worker: 1 }],
    ['worker ended and is started again', { worker: 1, signal: 'SIGKILL', inMs: 0 }],
  ])
})

test('a worker that is blocked when it shall end is killed', async () => {
  await start('block', 300)
  await expect(slot.end('SIGTERM')).resolves.toBe(false)
  expect(messages()).toEqual(['worker does not answer and is killed', 'worker failed to end'])
})

test('a worker that answers keeps running', async () => {
  await start('answer', 500)
  // Longer than a silent worker would live.
  await delay(3_000)
  expect(messages()).toEqual([])
  expect(slot.restarts).toBe(0)
})

test('a worker that keeps ending is started at once, then after growing waits', async () => {
  await start('end', 10_000)
  const waits = () => log.flatMap(([, fields]) => (fields && 'inMs' in fields ? [fields.inMs] : []))
  await expect.poll(() => waits().slice(0, 3)).toEqual([0, 500, 1_000])
})
