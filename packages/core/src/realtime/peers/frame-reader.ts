import { isUtf8 } from 'node:buffer'
import type { CloseCode } from '../protocol/close-codes.ts'

/** Receives the contents of a client's frames. `data` may be a part of a larger buffer: copy it to keep it. */
export interface FrameSink {
  onMessage(data: Buffer, binary: boolean): void
  onPing(data: Buffer): void
  onPong(): void
  /** A close frame, with code 1005 when it holds none. Nothing behind it is read. */
  onClose(code: number, reason: Buffer): void
}

const opcodes = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const
const nothing = Buffer.alloc(0)
const tooLarge: CloseCode = { code: 1009, reason: 'too large', meaning: 'A message was larger than the limit.' }
const notUtf8: CloseCode = { code: 1007, reason: 'not UTF-8', meaning: 'A text was not valid UTF-8.' }
const reservedBits = broken('reserved bits', 'A frame set a bit of an extension that was not negotiated.')
const badOpcode = broken('opcode', 'A frame had an unknown opcode, or one that cannot follow the previous frame.')
const badControlFrame = broken('control frame', 'A control frame was fragmented or too long.')
const notMasked = broken('not masked', 'A frame was not masked.')
const badLength = broken('frame length', 'A frame encoded its length in more bytes than necessary.')
const badCloseCode = broken('close code', 'A close frame had a code that must not be sent.')

/**
 * Reads the frames of a client (RFC 6455 §5) without extensions. It holds bytes only of an incomplete frame or message, at most
 * twice the largest message. An idle reader holds nothing, so that connections can share it.
 */
export class FrameReader {
  readonly #maxMessageBytes: number
  /** The first bytes of an incomplete header. */
  #head: Buffer | null = null
  /** The payload of an incomplete frame, of which `#arrived` bytes are there. */
  #payload: Buffer | null = null
  #arrived = 0
  /** The fragments of an incomplete message, in a buffer that may be larger. */
  #fragments = nothing
  #fragmentBytes = 0
  /** The opcode of the incomplete message; 0 when there is none. */
  #messageOpcode = 0
  #closed = false

  // The header of the current frame.
  #final = false
  #opcode = 0
  #length = 0
  readonly #mask = Buffer.alloc(4)

  /** @param maxMessageBytes size of the largest message, in one frame or in fragments */
  constructor(maxMessageBytes: number) {
    this.#maxMessageBytes = maxMessageBytes
  }

  /** Whether the bytes so far end with a complete message, so that any reader can continue. */
  get idle(): boolean {
    return this.#head === null && this.#payload === null && this.#messageOpcode === 0 && !this.#closed
  }

  /** Passes the frames of a chunk to the sink, and changes the chunk. Returns the code to close with if a frame breaks the rules. */
  read(chunk: Buffer, sink: FrameSink): CloseCode | null {
    if (this.#payload !== null) return this.#continuePayload(this.#payload, chunk, sink)
    const bytes = this.#head === null ? chunk : Buffer.concat([this.#head, chunk])
    this.#head = null
    let at = 0
    while (at < bytes.length && !this.#closed) {
      const header = this.#readHeader(bytes, at)
      if (typeof header !== 'number') return header
      if (header === 0) {
        this.#head = Buffer.from(bytes.subarray(at))
        return null
      }
      at += header
      const end = at + this.#length
      if (end > bytes.length) {
        this.#payload = Buffer.allocUnsafeSlow(this.#length)
        this.#arrived = bytes.copy(this.#payload, 0, at)
        return null
      }
      const code = this.#frame(bytes.subarray(at, end), sink)
      if (code !== null) return code
      at = end
    }
    return null
  }

  #continuePayload(payload: Buffer, chunk: Buffer, sink: FrameSink): CloseCode | null {
    const copied = chunk.copy(payload, this.#arrived)
    this.#arrived += copied
    if (this.#arrived < payload.length) return null
    this.#payload = null
    return this.#frame(payload, sink) ?? this.read(chunk.subarray(copied), sink)
  }

  /** Returns the length of the header at `at`, or 0 while it is incomplete. */
  #readHeader(bytes: Buffer, at: number): number | CloseCode {
    const [first, second] = [bytes[at], bytes[at + 1]]
    if (first === undefined || second === undefined) return 0
    const opcode = first & 0x0f
    const code = this.#rejectHeader(first, second)
    if (code !== null) return code
    const short = second & 0x7f
    const lengthBytes = short === 126 ? 2 : short === 127 ? 8 : 0
    const size = 2 + lengthBytes + 4
    if (at + 2 + lengthBytes > bytes.length) return 0
    const length = lengthOf(bytes, at + 2, short)
    if (lengthBytes > 0 && length <= (lengthBytes === 2 ? 125 : 0xffff)) return badLength
    if (opcode < opcodes.close && this.#fragmentBytes + length > this.#maxMessageBytes) return tooLarge
    if (at + size > bytes.length) return 0
    bytes.copy(this.#mask, 0, at + size - 4, at + size)
    this.#final = (first & 0x80) !== 0
    this.#opcode = opcode
    this.#length = length
    return size
  }

  #rejectHeader(first: number, second: number): CloseCode | null {
    if ((first & 0x70) !== 0) return reservedBits
    const opcode = first & 0x0f
    if (opcode >= opcodes.close) {
      if (opcode > opcodes.pong) return badOpcode
      const length = second & 0x7f
      if ((first & 0x80) === 0 || length > 125 || (opcode === opcodes.close && length === 1)) return badControlFrame
    } else if (opcode > opcodes.binary || (opcode === opcodes.continuation) !== (this.#messageOpcode !== 0)) {
      return badOpcode
    }
    return (second & 0x80) === 0 ? notMasked : null
  }

  #frame(payload: Buffer, sink: FrameSink): CloseCode | null {
    unmask(payload, this.#mask)
    switch (this.#opcode) {
      case opcodes.ping:
        sink.onPing(payload)
        return null
      case opcodes.pong:
        sink.onPong()
        return null
      case opcodes.close:
        return this.#closeFrame(payload, sink)
      default:
        return this.#dataFrame(payload, sink)
    }
  }

  #dataFrame(payload: Buffer, sink: FrameSink): CloseCode | null {
    const opcode = this.#messageOpcode === 0 ? this.#opcode : this.#messageOpcode
    if (!this.#final || this.#messageOpcode !== 0) this.#append(payload)
    this.#messageOpcode = this.#final ? 0 : opcode
    if (!this.#final) return null
    const message = this.#opcode === opcodes.continuation ? this.#fragments.subarray(0, this.#fragmentBytes) : payload
    this.#fragments = nothing
    this.#fragmentBytes = 0
    const binary = opcode === opcodes.binary
    if (!binary && !isUtf8(message)) return notUtf8
    sink.onMessage(message, binary)
    return null
  }

  #closeFrame(payload: Buffer, sink: FrameSink): CloseCode | null {
    const code = payload.length === 0 ? 1005 : payload.readUInt16BE(0)
    const reason = payload.subarray(2)
    if (payload.length > 0 && !mayBeSent(code)) return badCloseCode
    if (!isUtf8(reason)) return notUtf8
    this.#closed = true
    sink.onClose(code, reason)
    return null
  }

  /** Copies, so that thousands of small fragments take the memory of one message. */
  #append(fragment: Buffer): void {
    const length = this.#fragmentBytes + fragment.length
    if (length > this.#fragments.length) {
      const larger = Buffer.allocUnsafeSlow(Math.min(this.#maxMessageBytes, Math.max(512, 2 * length)))
      this.#fragments.copy(larger, 0, 0, this.#fragmentBytes)
      this.#fragments = larger
    }
    fragment.copy(this.#fragments, this.#fragmentBytes)
    this.#fragmentBytes = length
  }
}

/** Lends readers for the time of one chunk or one message, so that thousands of idle connections share one. */
export class FrameReaders {
  readonly #maxMessageBytes: number
  #spare: FrameReader | null = null

  /** @param maxMessageBytes size of the largest message */
  constructor(maxMessageBytes: number) {
    this.#maxMessageBytes = maxMessageBytes
  }

  borrow(): FrameReader {
    const reader = this.#spare ?? new FrameReader(this.#maxMessageBytes)
    this.#spare = null
    return reader
  }

  giveBack(reader: FrameReader): void {
    this.#spare = reader
  }
}

function broken(reason: string, meaning: string): CloseCode {
  return { code: 1002, reason, meaning }
}

function lengthOf(bytes: Buffer, at: number, short: number): number {
  if (short === 126) return bytes.readUInt16BE(at)
  return short === 127 ? Number(bytes.readBigUInt64BE(at)) : short
}

function unmask(payload: Buffer, mask: Buffer): void {
  const keys = [mask[0] ?? 0, mask[1] ?? 0, mask[2] ?? 0, mask[3] ?? 0] as const
  for (let index = 0; index < payload.length; index += 1) {
    payload[index] = (payload[index] ?? 0) ^ (keys[index & 3] ?? 0)
  }
}

/** The codes that an endpoint may send (RFC 6455 §7.4). */
function mayBeSent(code: number): boolean {
  return (code >= 1000 && code <= 1014 && (code < 1004 || code > 1006)) || (code >= 3000 && code <= 4999)
}
