import type { UserKey } from '../../common/user-id.ts'
import type { Broker, BrokerMessage } from '../ports.ts'

/** The broker of a single process: passes each message to the listeners immediately, when this node is subscribed to its user. */
export class MemoryBroker implements Broker {
  readonly #users = new Set<UserKey>()
  readonly #listeners = new Set<(message: BrokerMessage) => void>()

  get connected(): boolean {
    return true
  }

  publish(message: BrokerMessage): void {
    if (message.userKey !== null && !this.#users.has(message.userKey)) return
    for (const listener of this.#listeners) listener(message)
  }

  async subscribe(userKey: UserKey): Promise<void> {
    this.#users.add(userKey)
  }

  async unsubscribe(userKey: UserKey): Promise<void> {
    this.#users.delete(userKey)
  }

  onMessage(listener: (message: BrokerMessage) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  async close(): Promise<void> {
    this.#users.clear()
    this.#listeners.clear()
  }
}
