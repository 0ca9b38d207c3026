import cluster from 'node:cluster'
import { createServer } from 'node:net'
import type { Logger } from '@focus-api/core'
import { listen } from '../server/listen-on.ts'
import { CommandFailure, Interruption } from '../terminal/failure.ts'
import { untilEnded } from '../server/until-ended.ts'
import type { FromWorker } from './messages.ts'
import { MetricsCollector } from './metrics-collection.ts'
import { WorkerSlot } from './worker-slot.ts'

export interface PrimaryOptions {
  readonly count: number
  /** 0 for any free port. */
  readonly port: number
  readonly host: string
  readonly logger: Logger
  /** Its abort ends the workers. */
  readonly signal: AbortSignal
  /** Called when all workers serve. */
  readonly listening: (port: number) => void
}

/**
 * Serves with several worker processes until the signal. On Linux the workers listen on one port, and the kernel spreads the
 * connections over them; elsewhere the primary process gives each connection to the next worker (node:cluster). The
 * primary has no database connection.
 *
 * @throws CommandFailure `port_taken`, `cannot_listen`, the failure of a worker that cannot start, `worker_failed` when a
 * worker did not end as it should
 */
export async function runPrimary({ count, port, host, logger, signal, listening }: PrimaryOptions): Promise<void> {
  const chosen = await freePort(port, host)
  const slots = createSlots(count, chosen, logger)
  const endAll = async () => {
    const by = signal.reason instanceof Interruption ? signal.reason.signal : 'SIGTERM'
    return (await Promise.all(slots.map((slot) => slot.end(by)))).every(Boolean)
  }
  try {
    await startAll(slots, signal)
  } catch (error) {
    await endAll()
    if (signal.aborted) return
    throw error
  }
  if (!signal.aborted) listening(chosen)
  await untilEnded(signal)
  if (!(await endAll())) throw new CommandFailure('worker_failed', 'A worker did not end as it should.')
}

/**
 * The first worker starts alone: it migrates the database, and settings that are wrong are reported once. A signal is passed on
 * to workers that still start.
 *
 * @throws CommandFailure
 */
async function startAll(slots: readonly WorkerSlot[], signal: AbortSignal): Promise<void> {
  const [first, ...others] = slots
  const ended = untilEnded(signal)
  await Promise.race([first?.start(), ended])
  if (signal.aborted) return
  await Promise.race([Promise.all(others.map((slot) => slot.start())), ended])
}

function createSlots(count: number, port: number, logger: Logger): WorkerSlot[] {
  // Workers are found by their number in the list of processes. Of a repeated flag, the last one counts.
  const args = (number: number) => [...process.argv.slice(2), '--port', String(port), '--worker', String(number)]
  cluster.schedulingPolicy = cluster.SCHED_RR
  const metrics = new MetricsCollector()
  const onMessage = (message: FromWorker, slot: WorkerSlot) => {
    if (message.type === 'focus:rendered') metrics.accept(slot, message)
    if (message.type !== 'focus:collect') return
    const { ref, body } = message
    void metrics
      .collect(slots, { slot, body })
      .then((collected) => slot.send({ type: 'focus:collected', ref, metrics: collected }))
  }
  const numbers = Array.from({ length: count }, (_, index) => index + 1)
  const slots = numbers.map((number) => new WorkerSlot({ number, args: args(number), logger, onMessage }))
  return slots
}

/** Returns the port, after a moment in which this process listened there: one failure instead of one for each worker. */
async function freePort(port: number, host: string): Promise<number> {
  const server = createServer((socket) => socket.destroy())
  const chosen = await listen(server, port, host)
  await new Promise((resolve) => void server.close(resolve))
  return chosen
}
