import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

/** A TCP socket after a WebSocket upgrade. It answers no ping, can stop reading, and can send any bytes. */
export class RawClient {
  readonly socket: Socket
  /** Whether the server ended or cut the connection. */
  readonly closed: Promise<void>
  #bytes: Buffer = Buffer.alloc(0)

  private constructor(socket: Socket) {
    this.socket = socket
    socket.on('error', () => undefined)
    socket.on('data', (chunk: Buffer) => (this.#bytes = Buffer.concat([this.#bytes, chunk])))
    this.closed = once(socket, 'close').then(() => undefined)
  }

  /** Resolves once the server has accepted the upgrade. */
  static async open(port: number, query: string): Promise<RawClient> {
    const socket = connect(port, '127.0.0.1')
    await once(socket, 'connect')
    const client = new RawClient(socket)
    socket.write(
      `GET /api/ws/notifications${query} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
        `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\n\r\n`,
    )
    while (!client.#bytes.includes('\r\n\r\n')) await once(socket, 'data')
    client.#bytes = client.#bytes.subarray(client.#bytes.indexOf('\r\n\r\n') + 4)
    return client
  }

  /** All bytes received since the upgrade. */
  get bytes(): Buffer {
    return this.#bytes
  }

  /** Frames received so far, unmasked as servers send them. */
  frames(): { opcode: number; payload: Buffer }[] {
    const frames = []
    let at = 0
    while (at + 2 <= this.#bytes.length) {
      const opcode = (this.#bytes[at] ?? 0) & 0x0f
      const short = (this.#bytes[at + 1] ?? 0) & 0x7f
      const [length, header] =
        short < 126
          ? [short, 2]
          : short === 126
            ? [this.#bytes.readUInt16BE(at + 2), 4]
            : [Number(this.#bytes.readBigUInt64BE(at + 2)), 10]
      if (at + header + length > this.#bytes.length) break
      frames.push({ opcode, payload: this.#bytes.subarray(at + header, at + header + length) })
      at += header + length
    }
    return frames
  }

  /** The code of the close frame, once it has arrived. */
  closeCode(): number | null {
    const close = this.frames().find(({ opcode }) => opcode === 8)
    return close && close.payload.length >= 2 ? close.payload.readUInt16BE(0) : null
  }

  write(bytes: Buffer): void {
    this.socket.write(bytes)
  }

  /** Sends a frame, masked by default. */
  send(
    opcode: number,
    payload: Buffer | string,
    options: { masked?: boolean; final?: boolean; rsv?: number; lengthBytes?: 2 | 8 } = {},
  ): void {
    this.socket.write(clientFrame(opcode, Buffer.from(payload), options))
  }

  destroy(): void {
    this.socket.destroy()
  }
}

export function clientFrame(
  opcode: number,
  payload: Buffer,
  {
    masked = true,
    final = true,
    rsv = 0,
    lengthBytes = 0,
  }: { masked?: boolean; final?: boolean; rsv?: number; lengthBytes?: 0 | 2 | 8 } = {},
): Buffer {
  const first = (final ? 0x80 : 0) | (rsv << 4) | opcode
  const maskBit = masked ? 0x80 : 0
  const header =
    payload.length < 126 && lengthBytes === 0
      ? Buffer.from([first, maskBit | payload.length])
      : payload.length < 65_536 && lengthBytes < 8
        ? Buffer.from([first, maskBit | 126, payload.length >> 8, payload.length & 0xff])
        : Buffer.concat([Buffer.from([first, maskBit | 127]), bigEndian(payload.length)])
  if (!masked) return Buffer.concat([header, payload])
  const mask = randomBytes(4)
  const body = Buffer.from(payload)
  for (let index = 0; index < body.length; index += 1) body[index] = (body[index] ?? 0) ^ (mask[index % 4] ?? 0)
  return Buffer.concat([header, mask, body])
}

function bigEndian(value: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64BE(BigInt(value))
  return bytes
}
