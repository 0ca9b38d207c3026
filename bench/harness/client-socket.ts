import { connect, type Socket } from 'node:net'
import { type Greeting, nowMs, type SocketAddress, smallestNotification } from './protocol.ts'

/** Frames and bytes that all sockets of the process have received. */
export const received = {
  frames: 0,
  bytes: 0,
  /** Called at most once until `isNoted` is false again. */
  onFrames: (): void => undefined,
  isNoted: false,
  readsTimes: false,
  /** From the sending of each notification, where `readsTimes` is set. */
  latenciesMs: [] as number[],
}

/** All sockets read into one buffer, because each read is used before the next one starts. */
const buffer = Buffer.allocUnsafeSlow(65_536)
const pong = Buffer.from([0x8a, 0x80, 0, 0, 0, 0])
/** The packet "40" (connect) of Socket.IO, masked with zeros. */
const connectPacket = Buffer.from([0x81, 0x82, 0, 0, 0, 0, 0x34, 0x30])
const opcodeText = 0x1
const opcodePing = 0x9

/** Clients come from several addresses, because one has too few ports for storms. Other systems than Linux have only one. */
const addresses = process.platform === 'linux' ? 8 : 1
let opened = 0

/** A WebSocket that upgrades by hand and reads only the headers of frames, so that it costs little. */
export class ClientSocket {
  readonly #socket: Socket
  readonly #greeting: Greeting
  readonly #ready = Promise.withResolvers<ClientSocket>()
  #isReady = false
  #text = ''
  #isJoining = false
  /** Bytes of the current frame that have not arrived. */
  #left = 0
  #isNotification = false
  #header: Buffer | null = null

  private constructor({ port, token }: SocketAddress, greeting: Greeting) {
    this.#greeting = greeting
    const { reject } = this.#ready
    const localAddress = `127.0.0.${1 + ((opened += 1) % addresses)}`
    const onread = { buffer, callback: (length: number) => this.#read(length) }
    const socket = connect({ port, host: '127.0.0.1', localAddress, onread, noDelay: true })
    this.#socket = socket
    socket.once('error', reject)
    socket.once('close', () => {
      reject(new Error(`The server closed a connection: ${this.#text.slice(0, 300)}`))
    })
    const path = greeting === 'socket.io' ? '/socket.io/?EIO=4&transport=websocket&' : '/api/ws/notifications?'
    socket.write(
      `GET ${path}token=${token} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
        'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
    )
  }

  /** Resolves when the server has reported the connection as ready. */
  static open(address: SocketAddress, greeting: Greeting): Promise<ClientSocket> {
    return new ClientSocket(address, greeting).#ready.promise
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#socket.once('close', () => resolve())
      this.#socket.destroy()
    })
  }

  #read(length: number): boolean {
    if (this.#isReady) this.#count(length)
    else this.#greet(length)
    return true
  }

  #greet(length: number): void {
    this.#text += buffer.toString('latin1', 0, length)
    if (this.#greeting === 'socket.io' && !this.#isJoining && this.#text.includes('"sid"')) {
      this.#isJoining = true
      this.#text = ''
      this.#socket.write(connectPacket)
    } else if (isReady(this.#text, this.#greeting, this.#isJoining)) {
      this.#text = ''
      this.#isReady = true
      this.#ready.resolve(this)
    }
  }

  /** Counts the frames that end in this read (RFC 6455 §5.2); servers do not mask them. */
  #count(length: number): void {
    received.bytes += length
    if (received.readsTimes) readTimes(length)
    let at = 0
    while (at < length) {
      if (this.#left > 0) {
        const used = Math.min(this.#left, length - at)
        this.#left -= used
        at += used
        if (this.#left === 0) this.#end()
      } else {
        at = this.#readHeader(at, length)
      }
    }
  }

  /** Returns the position behind the header, or the end of the read if the header continues in the next one. */
  #readHeader(at: number, length: number): number {
    const part = buffer.subarray(at, length)
    const bytes = this.#header ? Buffer.concat([this.#header, part]) : part
    const known = this.#header?.length ?? 0
    const short = (bytes[1] ?? 0) & 0x7f
    const size = bytes.length < 2 ? 2 : short < 126 ? 2 : short === 126 ? 4 : 10
    if (bytes.length < size || bytes.length < 2) {
      this.#header = Buffer.from(bytes)
      return length
    }
    this.#header = null
    this.#left = short < 126 ? short : short === 126 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2))
    const opcode = (bytes[0] ?? 0) & 0x0f
    this.#isNotification = opcode === opcodeText && this.#left >= smallestNotification
    if (opcode === opcodePing) this.#socket.write(pong)
    if (this.#left === 0) this.#end()
    return at + size - known
  }

  #end(): void {
    if (!this.#isNotification) return
    received.frames += 1
    if (received.isNoted) return
    received.isNoted = true
    received.onFrames()
  }
}

/** Notifications that are sent one at a time arrive in one read each. */
function readTimes(length: number): void {
  const now = nowMs()
  for (const [, sentMs] of buffer.toString('latin1', 0, length).matchAll(/"sent":([\d.]+)/g)) {
    received.latenciesMs.push(now - Number(sentMs))
  }
}

function isReady(text: string, greeting: Greeting, isJoining: boolean): boolean {
  switch (greeting) {
    case 'socket.io':
      return isJoining && text.includes('"sid"')
    case 'focus':
      return text.includes('"type":"connection"') && text.endsWith('}')
    case 'none':
      return text.endsWith('\r\n\r\n')
  }
}
