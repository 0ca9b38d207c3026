import type { CloseCode } from '../protocol/close-codes.ts'
import type { EncodedMessage } from '../delivery/encoded-message.ts'

/** Where a connection is in its streams, as the id of a Server-Sent Event says it: `epoch:offset:all_offset`. */
export interface Positioned {
  readonly eventId: string
}

/** The far end of a connection: a WebSocket, or a stream of Server-Sent Events. */
export interface Peer {
  readonly transport: 'websocket' | 'sse'
  readonly open: boolean
  /** Bytes that were given to `send` and that the operating system has not taken yet. */
  readonly unsentBytes: number
  /** Queues a message; what one turn of the event loop queues leaves in one write. */
  send(message: EncodedMessage, position: Positioned): void
  /** Writes what is queued now instead of at the end of the turn. */
  flush(): void
  /** Asks for a sign of life, where the transport has one. */
  ping(): void
  /** Stops and restarts reading from the client. */
  pause(): void
  resume(): void
  /** Calls back once when everything unsent has gone. */
  onceDrained(listener: () => void): void
  /** Writes what is queued and says goodbye. */
  close(code: CloseCode): void
  /** Drops the connection at once. */
  terminate(): void
}
