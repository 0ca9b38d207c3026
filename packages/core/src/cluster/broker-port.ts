import type { SessionEnd } from '../auth/ports.ts'
import type { UserKey } from '../common/user-id.ts'
import type { NotificationEvent, StateEvent } from '../notifications/ports.ts'
import type { NodeAnswer, NodeQuestion } from './questions-port.ts'

/** Committed notifications of one stream, in the order of their offsets; `userKey` is null for broadcasts. */
export interface NotificationsMessage {
  readonly kind: 'notifications'
  readonly userKey: UserKey | null
  readonly events: readonly NotificationEvent[]
}

/** A change of a user's inbox, for the user's connections on all nodes. */
export interface StateMessage {
  readonly kind: 'state'
  readonly userKey: UserKey
  readonly event: StateEvent
}

/** For the connections of one user, or of all users: drivers pass it only to nodes that are subscribed to the user. */
export type StreamMessage = NotificationsMessage | StateMessage

/** For the nodes themselves: reaches each of them, whatever it is subscribed to. */
export type ControlMessage =
  /** A session ended: its connections close, and its tokens are refused. */
  | { readonly kind: 'session_end'; readonly end: SessionEnd }
  /** A user, or the user's preferences, changed: what nodes remember of the user is read again. */
  | { readonly kind: 'user_changed'; readonly userKey: UserKey }
  /** The signing keys changed and are read again. */
  | { readonly kind: 'keys_changed' }
  /**
   * A node joined or left, and the list of nodes is read again. `missed`: messages of the sender were lost while it had no way to
   * the broker, and the log is read at once.
   */
  | { readonly kind: 'nodes_changed'; readonly missed?: boolean | undefined }
  /** Requests of addresses that the node served, as `[budget, address, count]`: they count at the others too. */
  | { readonly kind: 'spent'; readonly spendings: readonly (readonly [string, string, number])[] }
  /** For the node `to`, or for all when it is null; answered with `answer` messages that carry the same `ref`. */
  | { readonly kind: 'question'; readonly to: string | null; readonly ref: string; readonly question: NodeQuestion }
  /** For the node `to`, which asked. A long answer has several parts, numbered from 0; `last` is true in the one that ends it. */
  | {
      readonly kind: 'answer'
      readonly to: string
      readonly ref: string
      readonly answer: NodeAnswer
      readonly part: number
      readonly last: boolean
    }

/** What one node tells others. The log stays the only truth: a lost message delays a notification and loses none. */
export type NodeMessage = StreamMessage | ControlMessage

/** A message between nodes, as JSON can carry it; `from` is an id of the node that sent it. */
export type BrokerMessage = NodeMessage & { readonly from: string }

/**
 * Port: carries messages between the nodes of one database, best effort. `createFocus({ broker })` takes an implementation of
 * the application.
 *
 * Messages of one node arrive in the order in which they were published, except that events of a stream may arrive in one message,
 * before or after messages of other kinds, and that answers may arrive later than others. A node may receive its own messages, or messages that
 * it did not subscribe to; both are ignored.
 */
export interface Broker {
  /** False while messages may be lost; nodes then read the log every second. */
  readonly connected: boolean
  /** Gives a message to the other nodes. Does not wait and does not throw; drops the message while not connected. */
  publish(message: BrokerMessage): void
  /**
   * Starts the flow of one user's `notifications` and `state` messages to this node. Once it resolves, every message that is
   * published later arrives. Broadcasts (`userKey` null) and all other kinds need no subscription.
   */
  subscribe(userKey: UserKey): Promise<void>
  unsubscribe(userKey: UserKey): Promise<void>
  /** Calls `listener` for each message; returns a function that stops it. */
  onMessage(listener: (message: BrokerMessage) => void): () => void
  /** Calls `listener` whenever `connected` changed; returns a function that stops it. */
  onConnectionChange(listener: (connected: boolean) => void): () => void
  close(): Promise<void>
}

/** The broker as the rooms of one node use it: messages reach this node itself as well, and immediately. */
export interface NodeBroker {
  /** The name of this node. */
  readonly node: string
  /** An id of this process: differs even where two were given the same name. */
  readonly process: string
  /** False while this node has no way to the others. */
  readonly connected: boolean
  /** False while messages of other nodes may be lost, because this node or one of them has no way to the broker. */
  readonly hearsAll: boolean
  /** Gives a message to all nodes; a `StreamMessage` to the listeners of this node too. */
  publish(message: NodeMessage): void
  subscribe(userKey: UserKey): Promise<void>
  unsubscribe(userKey: UserKey): Promise<void>
  /** Calls `listener` for stream messages of every node, for users that this node is subscribed to and for all users. */
  onStreamMessage(listener: (message: StreamMessage) => void): () => void
  /** Calls `listener` for control messages of other nodes. */
  onControlMessage(listener: (message: ControlMessage, from: string) => void): () => void
  onConnectionChange(listener: (connected: boolean) => void): () => void
  close(): Promise<void>
}
