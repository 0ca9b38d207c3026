import { setTimeout as delay } from 'node:timers/promises'
import type { ClusterUser } from './cluster.ts'
import type { ClusterNode } from './cluster-node.ts'

/** An accepted notification: a node answered with its receipt. */
export interface Accepted {
  /** Null for a broadcast. */
  readonly user: ClusterUser | null
  readonly id: string
  readonly offset: number
}

export interface TrafficOptions {
  readonly nodes: readonly ClusterNode[]
  readonly users: readonly ClusterUser[]
  readonly random: () => number
  /** Notifications that wait for their answer at the same time; 6 when absent. */
  readonly senders?: number
  /** Pause of each sender between two notifications; 40 ms when absent. */
  readonly pauseMs?: number
}

const requestTimeoutMs = 3_000

/**
 * Senders that post notifications at random nodes: to one user, or to all with every tenth. Half of the calls have an idempotency key and
 * are repeated at other nodes until one accepts them. The others are sent once: after an error, nobody knows whether they were
 * committed. Every title is unique, so that clients recognise a notification that was stored twice.
 */
export class Traffic {
  readonly accepted: Accepted[] = []
  /** Calls without a key that ended with an error or without an answer. */
  failed = 0
  /** Calls with a key that have no answer yet. */
  pending = 0
  readonly #options: TrafficOptions
  #count = 0
  #isStopped = false
  #isPaused = false
  #senders: Promise<unknown> | null = null
  readonly #repeating = new Set<Promise<void>>()

  constructor(options: TrafficOptions) {
    this.#options = options
  }

  start(): void {
    this.#senders = Promise.all(Array.from({ length: this.#options.senders ?? 6 }, () => this.#send()))
  }

  pause(): void {
    this.#isPaused = true
  }

  resume(): void {
    this.#isPaused = false
  }

  /** Resolves when `count` more notifications were accepted. */
  async progress(count: number, timeoutMs = 20_000): Promise<void> {
    const goal = this.accepted.length + count
    const deadline = performance.now() + timeoutMs
    while (this.accepted.length < goal) {
      if (performance.now() > deadline) {
        const missing = goal - this.accepted.length
        throw new Error(`In ${timeoutMs} ms, ${missing} of ${count} notifications were not accepted.`)
      }
      await delay(20)
    }
  }

  /** Ends the senders. Resolves when every call with a key was accepted. */
  async stop(): Promise<void> {
    this.#isStopped = true
    await this.#senders
    await Promise.all(this.#repeating)
  }

  async #send(): Promise<void> {
    const { users, random, pauseMs = 40 } = this.#options
    while (!this.#isStopped) {
      await delay(pauseMs * (0.5 + random()))
      if (this.#isPaused || this.#isStopped) continue
      const user = random() < 0.1 ? null : (users[Math.floor(random() * users.length)] ?? null)
      this.#count += 1
      const title = `n${this.#count}`
      if (random() < 0.5) await this.#once(user, title)
      else this.#untilAccepted(user, title)
    }
  }

  async #once(user: ClusterUser | null, title: string): Promise<void> {
    if (!(await this.#post(user, title))) this.failed += 1
  }

  /** Does not hold up its sender: a key stays taken for half a minute when the node that held it was killed. */
  #untilAccepted(user: ClusterUser | null, title: string): void {
    this.pending += 1
    const repeating = (async () => {
      while (!(await this.#post(user, title, title))) await delay(250)
    })().finally(() => {
      this.pending -= 1
      this.#repeating.delete(repeating)
    })
    this.#repeating.add(repeating)
  }

  /** Returns whether a node accepted the notification. */
  async #post(user: ClusterUser | null, title: string, key?: string): Promise<boolean> {
    const { nodes, random } = this.#options
    const node = nodes[Math.floor(random() * nodes.length)]
    const to = user === null ? { broadcast: true } : { user_id: user.id }
    try {
      const answer = await node?.admin(
        '/notifications',
        { ...to, title, message: 'm' },
        { timeoutMs: requestTimeoutMs, ...(key !== undefined && { key: `key-${key}` }) },
      )
      if (!answer?.ok) {
        await answer?.body?.cancel()
        return false
      }
      const { id, offset } = (await answer.json()) as { id: string; offset: number }
      this.accepted.push({ user, id, offset })
      return true
    } catch {
      return false
    }
  }
}
