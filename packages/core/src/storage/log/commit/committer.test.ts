import { describe, expect, test } from 'vitest'
import { noWakeUps } from '../../../cluster/wake-ups/wake-up-store-port.ts'
import { createRuntime } from '../../../common/runtime.ts'
import type { LogEntry } from '../../../notifications/log-entry-port.ts'
import type { PlannedDelivery } from '../../../notifications/routing-port.ts'
import type { BatchRunner } from './batch-runner.ts'
import { Committer } from './committer.ts'

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

function startCommitter() {
  const runner = new Recorder()
  const committer = new Committer(runner, {
    clock: Date.now,
    debug: createRuntime().debug('commit'),
    maxPerStream: 1_000,
    epoch: () => 'e',
    wakeUps: noWakeUps,
    timeoutMs: 60_000,
    committed: () => undefined,
  })
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
