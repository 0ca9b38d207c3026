import type { Debug } from '../../common/logging/debug.ts'
import type { UserKey } from '../../common/user-id.ts'
import type { NotificationEvent } from '../../notifications/ports.ts'
import type { ClusterNodes } from '../nodes/nodes-port.ts'
import { decodeMoves, type StreamMove } from './stream-moves-port.ts'
import {
  type EventReader,
  type Lane,
  lanes,
  type StoredWakeUp,
  type WakeUpPosition,
  type WakeUpStore,
} from './wake-up-store-port.ts'

/** Rows of one lane that one turn takes. A row of a full batch is some 20 kB. */
const rowsPerTurn = 32
/** How long rows of a node are looked for after it left the list. Longer than rows are kept. */
const forgottenAfterMs = 120_000

export interface TailParts {
  readonly store: WakeUpStore
  readonly events: EventReader
  readonly nodes: Pick<ClusterNodes, 'self' | 'peers'>
  readonly isSubscribed: (userKey: UserKey) => boolean
  readonly debug: Debug
}

/** What one turn has found. */
export interface TailTurn {
  /** New events of this node's users and of the stream of broadcasts, in the order of their offsets. */
  readonly events: readonly NotificationEvent[]
  /** New rows of other nodes, of both lanes, in the order of each lane. */
  readonly rows: readonly StoredWakeUp[]
  /** Whether more rows may wait. */
  readonly more: boolean
}

interface KnownNode {
  readonly after: Record<Lane, number>
  /** When it was last in the list, of the monotonic clock. */
  listedAt: number
}

/**
 * Reads the rows of other nodes behind the last one that was read of each lane. No row is missed:
 *
 * - A lane has one writer at a time, which ends one row before it starts the next: see `writeBatch` and `MessageLane`. Once a row
 *   is visible, none appears below it.
 * - A node that was not known has a number above all known ones. All of its rows are read, from the first one.
 *
 * Subscribe, then read the head: a subscription applies to every statement that ends after it. An event that commits later has its
 * row in the same commit, so a later statement finds it. An event that committed before is part of the head that is read after
 * the subscription.
 */
export class WakeUpTail {
  readonly #parts: TailParts
  readonly #known = new Map<number, KnownNode>()
  #newestNode = 0

  private constructor(parts: TailParts) {
    this.#parts = parts
  }

  /** Starts behind the newest rows. Open it before any user is subscribed. */
  static async open(parts: TailParts): Promise<WakeUpTail> {
    const tail = new WakeUpTail(parts)
    for (const { node, lane, seq } of await parts.store.newest()) tail.#node(node).after[lane] = seq
    return tail
  }

  /** Reads the next rows, and the events that they tell of. After a failure, the next turn reads the same rows. */
  async turn(): Promise<TailTurn> {
    const { store, events, nodes } = this.#parts
    this.#listNodes()
    const rows = await store.read(this.#positions(), this.#newestNode, rowsPerTurn)
    // This node may have joined again, with another number, while the statement ran.
    const foreign = rows.filter((row) => row.node !== nodes.self.id)
    const moves = this.#wantedMoves(foreign)
    const moved = moves.length === 0 ? [] : await events.eventsAt(moves)
    for (const { node, lane, seq } of foreign) {
      const { after } = this.#node(node)
      after[lane] = Math.max(after[lane], seq)
    }
    return {
      events: moved.toSorted((a, b) => a.offset - b.offset),
      rows: foreign,
      more: rows.length >= rowsPerTurn,
    }
  }

  #node(id: number): KnownNode {
    let known = this.#known.get(id)
    if (!known) {
      known = { after: { [lanes.commits]: 0, [lanes.messages]: 0 }, listedAt: performance.now() }
      this.#known.set(id, known)
      this.#newestNode = Math.max(this.#newestNode, id)
    }
    return known
  }

  #listNodes(): void {
    const { nodes } = this.#parts
    const now = performance.now()
    this.#newestNode = Math.max(this.#newestNode, nodes.self.id)
    for (const { id } of nodes.peers()) this.#node(id).listedAt = now
    for (const [id, { listedAt }] of this.#known) if (now - listedAt > forgottenAfterMs) this.#known.delete(id)
  }

  #positions(): WakeUpPosition[] {
    const own = this.#parts.nodes.self.id
    const positions: WakeUpPosition[] = []
    for (const [node, { after }] of this.#known) {
      if (node === own) continue
      for (const lane of Object.values(lanes)) positions.push({ node, lane, seq: after[lane] })
    }
    return positions
  }

  #wantedMoves(rows: readonly StoredWakeUp[]): StreamMove[] {
    const { isSubscribed, debug } = this.#parts
    const moves: StreamMove[] = []
    for (const { node, lane, seq, content } of rows) {
      if (lane !== lanes.commits) continue
      const moved = decodeMoves(content)
      if (!moved) debug('a wake-up cannot be read', { node, seq })
      for (const move of moved ?? []) if (move.owner === '' || isSubscribed(move.owner)) moves.push(move)
    }
    return moves
  }
}
