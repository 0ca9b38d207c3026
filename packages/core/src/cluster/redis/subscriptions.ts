import type { UserKey } from '../../common/user-id.ts'

/** Where subscriptions are made. */
export interface SubscriptionTarget {
  subscribe(userKeys: readonly UserKey[]): Promise<void>
  unsubscribe(userKeys: readonly UserKey[]): Promise<void>
}

/**
 * Brings the subscriptions of one session in line with the users that this node wants to hear of. The changes of one turn of the
 * event loop, and all that come while earlier ones are under way, are made together.
 */
export class Subscriptions {
  readonly #target: SubscriptionTarget
  readonly #wanted: ReadonlySet<UserKey>
  readonly #held = new Set<UserKey>()
  readonly #changed: Set<UserKey>
  #running: Promise<void> = Promise.resolve()
  #next: Promise<void> | null = null

  /** @param wanted the users to hear of; the owner changes the set and then calls `update` */
  constructor(target: SubscriptionTarget, wanted: ReadonlySet<UserKey>) {
    this.#target = target
    this.#wanted = wanted
    this.#changed = new Set(wanted)
  }

  /** Subscribes to all wanted users. @throws the error of the target */
  async start(): Promise<void> {
    await (this.#next ??= this.#applyAfter(this.#running))
  }

  /** Subscribes to a user if it is wanted and otherwise unsubscribes. @throws the error of the target */
  update(userKey: UserKey): Promise<void> {
    this.#changed.add(userKey)
    return (this.#next ??= this.#applyAfter(this.#running))
  }

  async #applyAfter(running: Promise<void>): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve))
    await running.catch(() => undefined)
    this.#running = this.#next ?? Promise.resolve()
    this.#next = null
    const changed = [...this.#changed]
    this.#changed.clear()
    const added = changed.filter((userKey) => this.#wanted.has(userKey) && !this.#held.has(userKey))
    const removed = changed.filter((userKey) => !this.#wanted.has(userKey) && this.#held.has(userKey))
    for (const userKey of added) this.#held.add(userKey)
    for (const userKey of removed) this.#held.delete(userKey)
    await Promise.all([
      added.length > 0 && this.#target.subscribe(added),
      removed.length > 0 && this.#target.unsubscribe(removed),
    ])
  }
}
