import type { Duplex } from 'node:stream'
import { WebSocket } from 'ws'
import type { Connection } from '../connections/connection.ts'
import { pingFrame } from './frame.ts'
import type { EncodedMessage } from '../delivery/encoded-message.ts'
import type { Peer } from './peer.ts'
import type { CloseCode } from '../protocol/close-codes.ts'
import type { TurnWriter } from './turn-writer.ts'

/** A `ws` socket with a reference to its connection, so that all sockets share the same listeners. */
export class FocusWebSocket extends WebSocket {
  connection: Connection | null = null
}

/**
 * A WebSocket. Data frames are built once, shared by all sockets, and written to the TCP socket directly. `ws` handles the receiving
 * side, the control frames and the closing handshake; without compression it writes immediately, so the order of frames is kept.
 */
export class WebSocketPeer implements Peer {
  readonly #webSocket: FocusWebSocket
  readonly #socket: Duplex
  readonly #writer: TurnWriter
  /** A single frame is stored without a list: most sockets get one frame per turn, and a list costs memory. */
  #queued: Buffer | Buffer[] | null = null
  #queuedBytes = 0
  /** Bytes in the socket's buffer after the last write. */
  #left = 0
  #corked: boolean

  /**
   * @param corked whether the answer to the upgrade waits for the first message, which follows soon. Both leave in one write
   * then, which halves the system calls of a connection storm
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
    // Usually nothing was left. Not reading the socket then saves measurable time in a fan-out to thousands.
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
    // Only control frames may follow once the closing handshake has started (RFC 6455 §5.5.1).
    if (this.open) this.#socket.write(bytes)
    this.#release()
    this.#left = this.#socket.writableLength
  }

  close(code: CloseCode): void {
    this.flush()
    this.#release()
    this.#webSocket.close(code.code, code.reason)
    // A paused socket could not finish the closing handshake.
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
