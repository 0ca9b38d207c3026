import type { FocusError } from '../../../common/errors.ts'
import { type WorkClass, workClasses } from '../../queue/work-class.ts'
import { type QueueLimits, type Work, WorkQueue } from '../../queue/work-queue.ts'

/** Connections that Focus uses at once, unless the URL says otherwise: of its own pool or of the application's. */
export const defaultConnections = 10

/** How many of ten connections a class may hold: the last ones stay free for more urgent classes. */
const shareOf: Readonly<Record<WorkClass, number>> = { interactive: 10, delivery: 8, background: 6 }

/** The names of the queues in front of pools. */
export type PoolQueue = 'mysql_pool' | 'postgres_pool'

interface Waiter extends Work {
  readonly enter: () => void
}

/** Admits work to the connections of a server: a limited number at once; the rest waits in a bounded queue. */
export class ConnectionGate {
  readonly queue: WorkQueue<Waiter>
  readonly #inUse: Record<WorkClass, number> = { interactive: 0, delivery: 0, background: 0 }

  readonly #connections: number

  /** @param queue the name of the queue in metrics */
  constructor(queue: PoolQueue, connections: number, limits?: QueueLimits) {
    this.#connections = connections
    this.queue = new WorkQueue(queue, limits)
  }

  /**
   * Resolves with a function that gives the place back.
   *
   * @throws FocusError `overloaded`
   */
  enter(kind: WorkClass): Promise<() => void> {
    return new Promise((resolve, reject) => {
      const enter = () => {
        this.#inUse[kind] += 1
        resolve(() => {
          this.#inUse[kind] -= 1
          this.#admit()
        })
      }
      this.queue.add(kind, { bytes: 200, enter, refuse: (error: FocusError) => reject(error) })
      this.#admit()
    })
  }

  #admit(): void {
    for (;;) {
      const open = this.#free > 0 ? workClasses.filter((kind) => this.#inUse[kind] < this.#mostOf(kind)) : []
      const next = open.length > 0 ? this.queue.take(open) : null
      if (!next) return
      next.enter()
    }
  }

  #mostOf(kind: WorkClass): number {
    return Math.max(1, Math.floor((this.#connections * shareOf[kind]) / 10))
  }

  get #free(): number {
    return this.#connections - workClasses.reduce((sum, kind) => sum + this.#inUse[kind], 0)
  }
}
