import type { CloseCode } from '../protocol/close-codes.ts'
import type { EncodedMessage } from '../delivery/encoded-message.ts'

/** A position in both streams. `eventId` is the id of a Server-Sent Event: `epoch:offset:all_offset`, or empty. */
export interface Positioned {
  readonly eventId: string
}

/** The far end of a connection: a WebSocket, or a stream of Server-Sent Events. */
export interface Peer {
  readonly transport: 'websocket' | 'sse'
  readonly open: boolean
  /** Bytes that were passed to `send` and that the operating system has not taken yet. */
  readonly unsentBytes: number
  /** Queues a message. All messages of one turn of the event loop leave in one write. */
  send(message: EncodedMessage, position: Positioned): void
  /** Writes queued messages now instead of at the end of the turn. */
  flush(): void
  /** Sends a WebSocket ping, or a comment to an event stream. */
  ping(): void
  /** Stops reading from the client; `resume` continues. */
  pause(): void
  resume(): void
  /** Calls `listener` once when all unsent bytes have been sent. */
  onceDrained(listener: () => void): void
  /** Writes queued messages and starts the closing handshake. */
  close(code: CloseCode): void
  /** Drops the connection immediately. */
  terminate(): void
}
