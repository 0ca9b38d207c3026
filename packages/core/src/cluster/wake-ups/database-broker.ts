import type { Debug } from '../../common/logging/debug.ts'
import type { Logger } from '../../common/logging/logger.ts'
import type { Clock } from '../../common/runtime.ts'
import type { UserKey } from '../../common/user-id.ts'
import type { Broker, BrokerMessage } from '../broker-port.ts'
import type { ClusterNode, ClusterNodes } from '../nodes/nodes-port.ts'
import { Introductions } from './introductions.ts'
import { MessageLane } from './message-lane.ts'
import { decodeMessages } from './row-content.ts'
import { TailLoop } from './tail-loop.ts'
import { WakeUpPruner } from './wake-up-pruner.ts'
import type { WakeUpSignal } from './wake-up-signal-port.ts'
import {
  type BatchWakeUp,
  type EventReader,
  lanes,
  type WakeUpPosition,
  type WakeUpStore,
} from './wake-up-store-port.ts'
import { WakeUpTail } from './wake-up-tail.ts'

/** Pauses of the tail, in milliseconds. */
const pauses = {
  /** While rows come. */
  traffic: 25,
  /** While users of this node wait, or rows came lately. */
  attentive: 50,
  idle: 500,
  /** While the database tells of rows. */
  signalled: 1_000,
} as const
/** How long after the last row more of them are expected, and how long the traffic counts as recent. */
const trafficMs = 1_000
const recentMs = 10_000
/** Between two reads of the list of nodes because a signal came while there were none. */
const refreshMs = 1_000

export interface DatabaseBrokerParts {
  readonly store: WakeUpStore
  readonly events: EventReader
  readonly nodes: Pick<ClusterNodes, 'self' | 'peers' | 'onPeersChange' | 'refresh'>
  /** Null where the database tells nothing, and the tail only polls. */
  readonly signal: WakeUpSignal | null
  readonly clock: Clock
  readonly logger: Logger
  readonly debug: Debug
}

/**
 * Connects the nodes of a database through the database itself: each node writes what moved, and reads what the others wrote. As long
 * as it is alone, it neither writes nor reads.
 */
export class DatabaseBroker implements Broker {
  readonly #parts: DatabaseBrokerParts
  readonly #tail: WakeUpTail
  readonly #loop: TailLoop
  readonly #lane: MessageLane
  readonly #pruner: WakeUpPruner
  readonly #introductions: Introductions
  readonly #users = new Set<UserKey>()
  readonly #listeners = new Set<(message: BrokerMessage) => void>()
  readonly #connectionListeners = new Set<(connected: boolean) => void>()
  readonly #stopListening: () => void
  #newest: readonly [WakeUpPosition, WakeUpPosition]
  #rowsAt = -Infinity
  #refreshedAt = 0
  #connected: boolean
  #closed = false

  /** @throws FocusError `storage_unavailable` */
  static async open(parts: DatabaseBrokerParts): Promise<DatabaseBroker> {
    const users = new Set<UserKey>()
    const tail = await WakeUpTail.open({ ...parts, isSubscribed: (userKey) => users.has(userKey) })
    return new DatabaseBroker(parts, tail, users)
  }

  private constructor(parts: DatabaseBrokerParts, tail: WakeUpTail, users: Set<UserKey>) {
    const { nodes, store, debug, signal } = parts
    this.#parts = parts
    this.#tail = tail
    this.#users = users
    // Above the rows of any earlier process, should a database give its number again.
    const seq = parts.clock() * 1_000
    const node = nodes.self.id
    this.#newest = [
      { node, lane: lanes.commits, seq },
      { node, lane: lanes.messages, seq },
    ]
    this.#lane = new MessageLane({
      store,
      nodes,
      debug,
      nextSeq: () => this.#next(lanes.messages).seq,
      written: () => signal?.send(),
    })
    this.#loop = new TailLoop({
      turn: () => this.#turn(),
      pauseMs: () => this.#pauseMs(),
      flowChanged: (flowing, error) => this.#flowChanged(flowing, error),
    })
    this.#introductions = new Introductions(nodes, () => this.#tellConnection())
    this.#pruner = new WakeUpPruner(
      store,
      debug,
      () => this.#newest,
      () => this.#attended,
    )
    this.#connected = this.connected
    this.#stopListening = nodes.onPeersChange((peers) => this.#peersChanged(peers))
    signal?.listen(() => this.#woken())
    this.#attend()
    if (this.#attended) this.#lane.tellPeers({ hello: true })
  }

  get connected(): boolean {
    return !this.#attended || (this.#loop.flowing && this.#introductions.complete)
  }

  /** Returns the row by which the next batch wakes the others; null while this node is alone. */
  nextBatch(): BatchWakeUp | null {
    if (!this.#attended) return null
    const { node, seq } = this.#next(lanes.commits)
    return { node, seq }
  }

  /** Notifications travel in the row of their batch, so that only the signal is left to send. */
  publish(message: BrokerMessage): void {
    if (!this.#attended || this.#closed) return
    if (message.kind === 'notifications') this.#parts.signal?.send()
    else if (this.#loop.flowing) this.#lane.add(message)
  }

  async subscribe(userKey: UserKey): Promise<void> {
    this.#users.add(userKey)
    // The pause may be one for a node without users.
    if (this.#users.size === 1) this.#loop.wake()
  }

  async unsubscribe(userKey: UserKey): Promise<void> {
    this.#users.delete(userKey)
  }

  onMessage(listener: (message: BrokerMessage) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  onConnectionChange(listener: (connected: boolean) => void): () => void {
    this.#connectionListeners.add(listener)
    return () => this.#connectionListeners.delete(listener)
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    this.#stopListening()
    this.#introductions.close()
    this.#listeners.clear()
    this.#connectionListeners.clear()
    await this.#loop.close()
    await this.#lane.close()
    await this.#pruner.close()
    await this.#parts.signal?.close()
  }

  get #attended(): boolean {
    return this.#parts.nodes.peers().length > 0
  }

  #next(lane: 0 | 1): WakeUpPosition {
    const next = { node: this.#parts.nodes.self.id, lane, seq: this.#newest[lane].seq + 1 }
    this.#newest = lane === lanes.commits ? [next, this.#newest[1]] : [this.#newest[0], next]
    return next
  }

  #pauseMs(): number {
    if (this.#parts.signal?.heard) return pauses.signalled
    const since = performance.now() - this.#rowsAt
    if (since < trafficMs) return pauses.traffic
    return this.#users.size > 0 || since < recentMs ? pauses.attentive : pauses.idle
  }

  async #turn(): Promise<boolean> {
    const { events, rows, more } = await this.#tail.turn()
    if (rows.length === 0) return more
    this.#rowsAt = performance.now()
    const { debug, nodes } = this.#parts
    if (debug.enabled) debug('wake-ups read', { rows: rows.length, events: events.length, more })
    const from = this.#nameOf(rows[0]?.node)
    for (const [userKey, ofStream] of Map.groupBy(events, (event) => event.userKey)) {
      this.#deliver({ kind: 'notifications', userKey, events: ofStream, from })
    }
    for (const { node, lane, content } of rows) if (lane === lanes.messages) this.#readMessages(node, content)
    const listed = new Set(nodes.peers().map(({ id }) => id))
    if (rows.some(({ node }) => !listed.has(node))) this.#refreshNodes()
    return more
  }

  #readMessages(node: number, content: string): void {
    const row = decodeMessages(content)
    this.#introductions.heard(node, row)
    // A node that is not listed yet gets its answer when it is.
    if (row.hello && this.#parts.nodes.peers().some(({ id }) => id === node)) this.#lane.tellPeers({ hello: false })
    for (const message of row.messages) {
      if (message.kind !== 'state' || this.#users.has(message.userKey)) this.#deliver(message)
    }
  }

  #deliver(message: BrokerMessage): void {
    for (const listener of this.#listeners) {
      try {
        listener(message)
      } catch (error) {
        this.#parts.logger.error('A listener of the broker failed', { error })
      }
    }
  }

  #nameOf(node: number | undefined): string {
    return this.#parts.nodes.peers().find(({ id }) => id === node)?.name ?? `node ${node}`
  }

  #woken(): void {
    if (this.#attended) this.#loop.wake()
    else this.#refreshNodes()
  }

  #refreshNodes(): void {
    const now = performance.now()
    if (this.#closed || now - this.#refreshedAt < refreshMs) return
    this.#refreshedAt = now
    void this.#parts.nodes.refresh()
  }

  #peersChanged(peers: readonly ClusterNode[]): void {
    const rejoined = this.#introductions.rejoined()
    this.#introductions.peersChanged(peers)
    this.#attend()
    // Also answers the `hello` of a node that was not listed when it was read.
    if (peers.length > 0) this.#lane.tellPeers({ hello: rejoined })
    this.#tellConnection()
  }

  #attend(): void {
    this.#parts.signal?.attend(this.#attended)
    this.#loop.setActive(this.#attended)
  }

  #flowChanged(flowing: boolean, error: unknown): void {
    const { logger } = this.#parts
    if (flowing) {
      logger.info('The database carries messages between nodes again')
    } else {
      this.#lane.clear()
      logger.warn('Messages of other nodes cannot be read from the database: notifications arrive within a second', {
        error,
      })
    }
    this.#tellConnection()
  }

  #tellConnection(): void {
    const { connected } = this
    if (connected === this.#connected) return
    this.#connected = connected
    this.#parts.debug('connection changed', { connected })
    for (const listener of this.#connectionListeners) listener(connected)
  }
}
