import { describe, expect, test } from 'vitest'
import { noWakeUps } from '../../../cluster/wake-ups/wake-up-store-port.ts'
import { createRuntime } from '../../../common/runtime.ts'
import type { LogEntry } from '../../../notifications/log-entry-port.ts'
import type { PlannedDelivery } from '../../../notifications/routing-port.ts'
import type { BatchRunner } from './batch-runner.ts'
import { Committer, type CommitterOptions } from './committer.ts'

/** Records the sizes of its batches, and commits them once `let` is resolved. */
class Recorder implements BatchRunner {
  readonly limits = { entries: 1_000, length: 500_000 }
  readonly batches: number[] = []
  readonly let = Promise.withResolvers<void>()

  async run(entries: readonly LogEntry[]) {
    this.batches.push(entries.length)
    await this.let.promise
    return { outcomes: entries.map((_, index) => ({ outcome: 'created' as const, offset: index + 1 })), overgrown: [] }
  }
}

function entry(message: string, transports: number): LogEntry {
  const delivery = (transport: number): PlannedDelivery => ({
    transport: `${transport}`,
    ordered: false,
    afterMs: 0,
    unless: null,
    critical: false,
  })
  return {
    id: 'id',
    userKey: 'u',
    type: 'info',
    title: '',
    message,
    event: null,
    data: '{}',
    createdAt: 0,
    expiresAt: null,
    deliverAt: null,
    policies: null,
    deliveries: Array.from({ length: transports }, (_, n) => delivery(n)),
    routing: null,
    source: null,
  }
}

const options: CommitterOptions = {
  clock: Date.now,
  debug: createRuntime().debug('commit'),
  maxPerStream: 1_000,
  epoch: () => 'e',
  wakeUps: noWakeUps,
  timeoutMs: 60_000,
  committed: () => undefined,
}

function startCommitter() {
  const runner = new Recorder()
  const committer = new Committer(runner, options)
  return { runner, committer }
}

describe('a batch', () => {
  const sizes = async (transports: number) => {
    const { runner, committer } = startCommitter()
    runner.let.resolve()
    await Promise.all(Array.from({ length: 20 }, () => committer.append(entry('m'.repeat(40_000), transports))))
    await committer.close()
    return runner.batches
  }

  test('ends before its text is longer than a server takes', async () => {
    expect(await sizes(0)).toEqual([12, 8])
    expect(await sizes(1)).toEqual([12, 8])
  })

  test('counts the content once for each further delivery that repeats it', async () => {
    expect(await sizes(4)).toEqual([3, 3, 3, 3, 3, 3, 2])
  })
})

describe('the queue of entries', () => {
  test('is bounded by its text too, and takes entries again after a commit', async () => {
    const { runner, committer } = startCommitter()
    const large = entry('m'.repeat(1_000_000), 0)
    const calls = Array.from({ length: 60 }, () => committer.append(large))
    const outcomes = Promise.allSettled(calls)
    await expect(calls.at(-1)).rejects.toMatchObject({
      code: 'overloaded',
      message: '49 notifications already wait for the database.',
    })
    runner.let.resolve()
    const accepted = (await outcomes).filter((outcome) => outcome.status === 'fulfilled')
    expect(accepted).toHaveLength(49)
    await committer.append(large)
    await committer.close()
  })
})

describe('while callers wait', () => {
  /** Ends each batch by itself. */
  class Stepper implements BatchRunner {
    readonly limits = { entries: 10, length: 500_000 }
    readonly steps: { size: number; end: () => void; fail: (error: Error) => void }[] = []

    async run(entries: readonly LogEntry[]) {
      const { promise, resolve, reject } = Promise.withResolvers<void>()
      this.steps.push({ size: entries.length, end: resolve, fail: reject })
      await promise
      return { outcomes: entries.map((_, n) => ({ outcome: 'created' as const, offset: n + 1 })), overgrown: [] }
    }
  }

  function start() {
    const runner = new Stepper()
    /** Batches that had started when each batch was announced. */
    const startedAtCommit: number[] = []
    const committer = new Committer(runner, { ...options, committed: () => startedAtCommit.push(runner.steps.length) })
    const append = (count: number) =>
      Promise.allSettled(Array.from({ length: count }, (_, n) => committer.append(entry(String(n), 0))))
    return { runner, committer, append, startedAtCommit }
  }

  test('the database works on their batch before the callers of the last one are answered', async () => {
    const { runner, committer, append, startedAtCommit } = start()
    const calls = append(20)
    for (const batch of [0, 1]) {
      await expect.poll(() => runner.steps.length).toBeGreaterThan(batch)
      runner.steps[batch]?.end()
    }
    expect((await calls).every(({ status }) => status === 'fulfilled')).toBe(true)
    expect(startedAtCommit).toEqual([2, 2])
    await committer.close()
  })

  test('a batch that fails is tried again in halves before the next one starts', async () => {
    const { runner, committer, append, startedAtCommit } = start()
    const calls = append(14)
    await expect.poll(() => runner.steps.length).toBe(1)
    runner.steps[0]?.fail(new Error('one entry is wrong'))
    for (let step = 1; step < 4; step += 1) {
      await expect.poll(() => runner.steps.length).toBeGreaterThan(step)
      runner.steps[step]?.end()
    }
    expect((await calls).every(({ status }) => status === 'fulfilled')).toBe(true)
    expect(runner.steps.map(({ size }) => size)).toEqual([10, 5, 5, 4])
    expect(startedAtCommit).toEqual([2, 3, 4])
    await committer.close()
  })
})
