import type { Duplex } from 'node:stream'
import { WebSocket } from 'ws'
import type { Connection } from '../connections/connection.ts'
import { pingFrame } from './frame.ts'
import type { EncodedMessage } from '../delivery/encoded-message.ts'
import type { Peer } from './peer.ts'
import type { CloseCode } from '../protocol/close-codes.ts'
import type { TurnWriter } from './turn-writer.ts'

/** A `ws` socket that knows its connection, so that all sockets share the same listeners. */
export class FocusWebSocket extends WebSocket {
  connection: Connection | null = null
}

/**
 * A WebSocket whose data frames are written straight to the socket, prebuilt and shared. `ws` owns the receiving side, the
 * control frames and the closing handshake; without compression it writes at once, so the order of both is kept.
 */
export class WebSocketPeer implements Peer {
  readonly #webSocket: FocusWebSocket
  readonly #socket: Duplex
  readonly #writer: TurnWriter
  /** One frame stays by itself: most turns bring a socket one, and a list costs memory. */
  #queued: Buffer | Buffer[] | null = null
  #queuedBytes = 0
  /** What the socket still held after the last write. */
  #left = 0
  #corked: boolean

  /**
   * @param corked whether the answer to the upgrade is held back for the first message, which follows within a moment: both
   * then leave in one write, and a storm of connections costs half the system calls
   */
  constructor(webSocket: FocusWebSocket, socket: Duplex, writer: TurnWriter, corked: boolean) {
    this.#webSocket = webSocket
    this.#socket = socket
    this.#writer = writer
    this.#corked = corked
  }

  get transport(): 'websocket' {
    return 'websocket'
  }

  get open(): boolean {
    return this.#webSocket.readyState === WebSocket.OPEN
  }

  get unsentBytes(): number {
    // Mostly nothing was left: then the socket is not even looked at, which a fan-out to thousands would feel.
    return (this.#left === 0 ? 0 : this.#socket.writableLength) + this.#queuedBytes
  }

  send(message: EncodedMessage): void {
    this.#queue(message.frame)
  }

  ping(): void {
    this.#queue(pingFrame)
  }

  pause(): void {
    this.#webSocket.pause()
  }

  resume(): void {
    this.#webSocket.resume()
  }

  onceDrained(listener: () => void): void {
    this.flush()
    if (this.#socket.writableNeedDrain) this.#socket.once('drain', listener)
    else this.#socket.write(Buffer.alloc(0), listener)
  }

  flush(): void {
    const queued = this.#queued
    if (queued === null) return
    const bytes = Array.isArray(queued) ? this.#writer.join(queued, this.#queuedBytes) : queued
    this.#queued = null
    this.#queuedBytes = 0
    // After the closing handshake began nothing but control frames may follow (RFC 6455 §5.5.1).
    if (this.open) this.#socket.write(bytes)
    this.#release()
    this.#left = this.#socket.writableLength
  }

  close(code: CloseCode): void {
    this.flush()
    this.#release()
    this.#webSocket.close(code.code, code.reason)
    // A client that was paused, or is not read from, could otherwise never finish the handshake.
    this.#webSocket.resume()
  }

  terminate(): void {
    this.#webSocket.terminate()
  }

  #release(): void {
    if (!this.#corked) return
    this.#corked = false
    this.#socket.uncork()
  }

  #queue(frame: Buffer): void {
    this.#queuedBytes += frame.length
    if (this.#queued === null) {
      this.#queued = frame
      this.#writer.schedule(this)
    } else if (Array.isArray(this.#queued)) {
      this.#queued.push(frame)
    } else {
      this.#queued = [this.#queued, frame]
    }
  }
}
