import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Connection } from '../connections/connection.ts'
import type { EncodedMessage } from '../delivery/encoded-message.ts'
import type { CloseCode } from '../protocol/close-codes.ts'
import { closeFrame, pingFrame, pongFrame } from './frame.ts'
import type { FrameReader, FrameReaders, FrameSink } from './frame-reader.ts'
import type { Peer } from './peer.ts'
import type { TurnWriter } from './turn-writer.ts'

/** The parts and callbacks that all WebSockets of a hub share. */
export interface WebSocketHost {
  readonly writer: TurnWriter
  readonly readers: FrameReaders
  /** How long a closing handshake may take before the socket is destroyed. */
  readonly closeTimeoutMs: number
  message(connection: Connection, data: Buffer, binary: boolean): void
  ping(connection: Connection): void
  pong(connection: Connection): void
  /** A frame broke the rules: closes the connection with the code. */
  broken(connection: Connection, code: CloseCode): void
  /** The socket has closed. The code is the client's, or 1006 when it sent none. */
  closed(connection: Connection, code: number): void
}

/** The peer of a socket. With it, all sockets share the same listeners. */
const peerOf = Symbol('peer')
type UpgradedSocket = Duplex & { [peerOf]?: WebSocketPeer | undefined }

/**
 * - `open`
 * - `broken`: the client broke a rule, and nothing more is read; the close frame is still to be sent
 * - `closing`: the close frame has been sent
 * - `gone`: nothing more is read or sent
 */
type State = 'open' | 'broken' | 'closing' | 'gone'

/**
 * A WebSocket (RFC 6455) on the socket of an upgrade. Data frames are built once, shared by all sockets, and written to the socket
 * directly. An idle peer is one object, without a closure, a timer or a reader of its own.
 */
export class WebSocketPeer implements Peer, FrameSink {
  readonly #socket: UpgradedSocket
  readonly #host: WebSocketHost
  #connection: Connection | null = null
  #state: State = 'open'
  #closeCode = 1006
  #closeTimer: NodeJS.Timeout | null = null
  /** Only while a frame or a message is incomplete. */
  #reader: FrameReader | null = null
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
  constructor(socket: Duplex, host: WebSocketHost, corked: boolean) {
    this.#socket = socket
    this.#host = host
    this.#corked = corked
  }

  /** Starts to read. `head` are bytes that arrived together with the upgrade. */
  start(connection: Connection, head: Buffer): void {
    const socket = this.#socket
    this.#connection = connection
    socket[peerOf] = this
    if (socket instanceof Socket) socket.setTimeout(0).setNoDelay()
    if (head.length > 0) socket.unshift(head)
    // Servers of Node keep the sending side open; without it, Node ends the socket when the client does, and needs no listener.
    socket.allowHalfOpen = false
    socket.on('close', onClose)
    socket.on('data', onData)
    socket.on('error', onError)
  }

  get transport(): 'websocket' {
    return 'websocket'
  }

  get open(): boolean {
    return this.#state === 'open'
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
    if (this.open) this.#socket.pause()
  }

  resume(): void {
    this.#socket.resume()
  }

  onceDrained(listener: () => void): void {
    this.flush()
    if (this.#socket.writableNeedDrain) this.#socket.once('drain', listener)
    else if (this.#socket.writable) this.#socket.write(Buffer.alloc(0), listener)
  }

  flush(): void {
    const queued = this.#queued
    if (queued === null) return
    const bytes = Array.isArray(queued) ? this.#host.writer.join(queued, this.#queuedBytes) : queued
    this.#queued = null
    this.#queuedBytes = 0
    // Only control frames may follow once the closing handshake has started (RFC 6455 §5.5.1). A client that has ended its side
    // without one is gone.
    if (this.open && this.#socket.writable) this.#socket.write(bytes)
    this.#release()
    this.#left = this.#socket.writableLength
  }

  close({ code, reason }: CloseCode): void {
    this.flush()
    if (this.open || this.#state === 'broken') this.#startClosing(closeFrame(code, reason))
    // A paused socket could not finish the closing handshake.
    this.#socket.resume()
  }

  terminate(): void {
    this.#state = 'gone'
    this.#socket.destroy()
  }

  /** Reads a chunk of the client's bytes. */
  read(chunk: Buffer): void {
    if (this.#state === 'broken' || this.#state === 'gone') return
    const { readers } = this.#host
    const reader = this.#reader ?? readers.borrow()
    const code = reader.read(chunk, this)
    this.#reader = null
    if (code !== null) this.#broke(code)
    else if (reader.idle) readers.giveBack(reader)
    else this.#reader = reader
  }

  closed(): void {
    if (this.#closeTimer !== null) clearTimeout(this.#closeTimer)
    this.#state = 'gone'
    this.#socket[peerOf] = undefined
    if (this.#connection) this.#host.closed(this.#connection, this.#closeCode)
  }

  onMessage(data: Buffer, binary: boolean): void {
    if (this.#connection) this.#host.message(this.#connection, data, binary)
  }

  onPing(data: Buffer): void {
    if (this.open) this.#queue(pongFrame(data))
    if (this.#connection) this.#host.ping(this.#connection)
  }

  onPong(): void {
    if (this.#connection) this.#host.pong(this.#connection)
  }

  /** The close frame of the client: the answer to ours, or the start of a closing handshake. */
  onClose(code: number, reason: Buffer): void {
    this.#closeCode = code
    if (this.open) this.#startClosing(closeFrame(code, reason))
    this.#socket.end()
  }

  #broke(code: CloseCode): void {
    if (this.open) {
      this.#state = 'broken'
      if (this.#connection) this.#host.broken(this.#connection, code)
    }
    this.#state = 'gone'
    this.#socket.end()
  }

  #startClosing(frame: Buffer): void {
    this.#state = 'closing'
    if (this.#socket.writable) this.#socket.write(frame)
    this.#release()
    this.#closeTimer = setTimeout(destroy, this.#host.closeTimeoutMs, this.#socket)
    this.#closeTimer.unref()
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
      this.#host.writer.schedule(this)
    } else if (Array.isArray(this.#queued)) {
      this.#queued.push(frame)
    } else {
      this.#queued = [this.#queued, frame]
    }
  }
}

function onData(this: UpgradedSocket, chunk: Buffer): void {
  this[peerOf]?.read(chunk)
}

/** A socket that fails emits `close` next. */
function onError(this: UpgradedSocket): void {
  this.destroy()
}

function onClose(this: UpgradedSocket): void {
  this[peerOf]?.closed()
}

function destroy(socket: Duplex): void {
  socket.destroy()
}
