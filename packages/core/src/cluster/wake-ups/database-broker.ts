import { settledWithin } from '../../common/async/settled-within.ts'
import { SpacedCall } from '../../common/async/spaced-call.ts'
import type { Debug } from '../../common/logging/debug.ts'
import type { Logger } from '../../common/logging/logger.ts'
import type { Clock } from '../../common/runtime.ts'
import type { UserKey } from '../../common/user-id.ts'
import type { Broker, BrokerMessage } from '../broker-port.ts'
import type { ClusterNode, ClusterNodes } from '../nodes/nodes-port.ts'
import { Batches } from './batches.ts'
import { Introductions } from './introductions.ts'
import { LoneWatch } from './lone-watch.ts'
import { MessageLane } from './message-lane.ts'
import { decodeMessages } from './message-row.ts'
import { TailLoop } from './tail-loop.ts'
import { WakeUpPruner } from './wake-up-pruner.ts'
import type { WakeUpSignal } from './wake-up-signal-port.ts'
import {
  type EventReader,
  type Lane,
  lanes,
  type StoredWakeUp,
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
/** Between two reads of the list of nodes because rows or signals of unknown ones came. */
const refreshMs = 1_000
/** How long closing may take: rows that are not written then are not needed. */
const closeMs = 1_000
/** No name of a node: events are read for all nodes that wrote rows, without regard to their names. */
const database = 'focus:database'

export interface DatabaseBrokerParts {
  readonly store: WakeUpStore
  readonly events: EventReader
  readonly nodes: Pick<ClusterNodes, 'self' | 'peers' | 'onPeersChange' | 'refresh' | 'look'>
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
  readonly batches: Batches
  readonly #parts: DatabaseBrokerParts
  readonly #tail: WakeUpTail
  readonly #loop: TailLoop
  readonly #lane: MessageLane
  readonly #pruner: WakeUpPruner
  readonly #introductions: Introductions
  readonly #loneWatch: LoneWatch
  readonly #refresh: SpacedCall
  readonly #users = new Set<UserKey>()
  readonly #listeners = new Set<(message: BrokerMessage) => void>()
  readonly #connectionListeners = new Set<(connected: boolean) => void>()
  readonly #stopListening: () => void
  #newest: readonly [WakeUpPosition, WakeUpPosition]
  #rowsAt = -Infinity
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
    this.batches = new Batches({
      attended: () => this.#attended,
      nextRow: () => this.#next(lanes.commits),
      heardAgain: () => this.#attended && this.#lane.tellPeers({ hello: false }),
    })
    this.#lane = new MessageLane({
      store,
      nodes,
      knownPeers: () => (this.batches.silent ? [] : nodes.peers().map(({ id }) => id)),
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
    this.#refresh = new SpacedCall(refreshMs, () => void nodes.refresh())
    this.#loneWatch = new LoneWatch({
      needed: () => !this.#attended && !signal?.hearsOthers,
      look: () => nodes.look(),
    })
    this.#connected = this.connected
    this.#stopListening = nodes.onPeersChange((peers) => this.#peersChanged(peers))
    signal?.listen(() => this.#woken())
    this.#attend()
    if (this.#attended) this.#lane.tellPeers({ hello: true })
  }

  get connected(): boolean {
    return !this.#attended || (this.#loop.flowing && this.#introductions.complete)
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
    this.#loneWatch.close()
    this.#refresh.stop()
    this.#listeners.clear()
    this.#connectionListeners.clear()
    const { signal } = this.#parts
    const reading = [this.#loop.close(), this.#pruner.close()]
    // The last row still sends its signal.
    const writing = settledWithin(closeMs / 2, this.#lane.close()).then(() => signal?.close())
    await settledWithin(closeMs, Promise.all([...reading, writing]))
  }

  get #attended(): boolean {
    return this.#parts.nodes.peers().length > 0
  }

  #next(lane: Lane): WakeUpPosition {
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
    for (const [userKey, ofStream] of Map.groupBy(events, (event) => event.userKey)) {
      this.#deliver({ kind: 'notifications', userKey, events: ofStream, from: database })
    }
    for (const row of rows) if (row.lane === lanes.messages) this.#readMessages(row)
    const listed = new Set(nodes.peers().map(({ id }) => id))
    if (rows.some(({ node }) => !listed.has(node))) this.#refreshNodes()
    return more
  }

  #readMessages({ node, seq, content }: StoredWakeUp): void {
    const row = decodeMessages(content)
    if (!row) {
      this.#parts.debug('messages cannot be read', { node, seq })
      return
    }
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

  #woken(): void {
    if (this.#attended) this.#loop.wake()
    else this.#refreshNodes()
  }

  #refreshNodes(): void {
    if (!this.#closed) this.#refresh.request()
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
    if (this.#closed) return
    const { logger } = this.#parts
    if (flowing) {
      logger.info('The database carries messages between nodes again')
    } else {
      this.#lane.clear()
      const reason = error === null ? { reason: 'it has not answered for a second' } : { error }
      logger.warn(
        'Messages of other nodes cannot be read from the database: notifications arrive within a second',
        reason,
      )
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
