import type { UserKey } from '../common/user-id.ts'
import type { Broker, ControlMessage, NodeBroker, NodeMessage, StreamMessage } from './broker-port.ts'
import { isBrokerMessage } from './message-form.ts'
import { nodeId } from './node-ids.ts'

/**
 * Delivers messages to this node at once, without the driver, and gives them to the driver for the others. What comes back of
 * this node's own messages is dropped. Without a driver, this node is the only one.
 */
export class LocalFirstBroker implements NodeBroker {
  readonly node: string
  readonly process: string
  /** Messages that the driver could carry, and those that came from other nodes. */
  sent = 0
  received = 0
  /** Messages that this version does not understand. */
  refused = 0
  /** Whether messages of another node do not arrive, because it has no way to the broker. */
  peersAway = false
  readonly #driver: Broker | null
  readonly #isIdle: () => boolean
  readonly #id: string
  readonly #users = new Set<UserKey>()
  readonly #streamListeners = new Set<(message: StreamMessage) => void>()
  readonly #controlListeners = new Set<(message: ControlMessage, from: string) => void>()
  readonly #stopListening: () => void

  /**
   * @param driver carries messages to other nodes; closed together with this broker
   * @param isIdle whether the driver has no other node to carry messages to, and drops them
   * @param process an id of this process, different for each
   */
  constructor(node: string, driver: Broker | null, isIdle: () => boolean = () => false, process = '') {
    this.node = node
    this.process = process
    this.#id = nodeId(node, process)
    this.#driver = driver
    this.#isIdle = isIdle
    this.#stopListening = driver?.onMessage((message) => this.#receive(message)) ?? (() => undefined)
  }

  get connected(): boolean {
    return this.#driver?.connected ?? true
  }

  get hearsAll(): boolean {
    return this.connected && !this.peersAway
  }

  publish(message: NodeMessage): void {
    if (isStreamMessage(message)) this.#tell(message)
    if (this.#driver === null) return
    if (this.#driver.connected && !this.#isIdle()) this.sent += 1
    this.#driver.publish({ ...message, from: this.#id })
  }

  async subscribe(userKey: UserKey): Promise<void> {
    this.#users.add(userKey)
    await this.#driver?.subscribe(userKey)
  }

  async unsubscribe(userKey: UserKey): Promise<void> {
    this.#users.delete(userKey)
    await this.#driver?.unsubscribe(userKey)
  }

  onStreamMessage(listener: (message: StreamMessage) => void): () => void {
    this.#streamListeners.add(listener)
    return () => this.#streamListeners.delete(listener)
  }

  onControlMessage(listener: (message: ControlMessage, from: string) => void): () => void {
    this.#controlListeners.add(listener)
    return () => this.#controlListeners.delete(listener)
  }

  onConnectionChange(listener: (connected: boolean) => void): () => void {
    return this.#driver?.onConnectionChange(listener) ?? (() => undefined)
  }

  async close(): Promise<void> {
    this.#stopListening()
    this.#users.clear()
    this.#streamListeners.clear()
    this.#controlListeners.clear()
    await this.#driver?.close()
  }

  /** Drops messages that this version does not understand. */
  #receive(message: unknown): void {
    if (!isBrokerMessage(message)) {
      this.refused += 1
      return
    }
    if (message.from === this.#id) return
    this.received += 1
    if (isStreamMessage(message)) this.#tell(message)
    else if (isForNode(message, this.node, this.#id)) {
      for (const listener of this.#controlListeners) listener(message, message.from)
    }
  }

  #tell(message: StreamMessage): void {
    if (message.userKey !== null && !this.#users.has(message.userKey)) return
    for (const listener of this.#streamListeners) listener(message)
  }
}

function isStreamMessage(message: NodeMessage): message is StreamMessage {
  return message.kind === 'notifications' || message.kind === 'state'
}

function isForNode(message: ControlMessage, node: string, id: string): boolean {
  return !('to' in message) || message.to === null || message.to === node || message.to === id
}
