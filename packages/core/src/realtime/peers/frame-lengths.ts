import type { Duplex } from 'node:stream'
import type { CloseCode } from '../protocol/close-codes.ts'

/** One of `standardCloseCodes`, as `ws` answers other broken frames. */
export const badFrame: CloseCode = {
  code: 1002,
  reason: 'frame length',
  meaning: 'A frame said its length in more bytes than it needs.',
}

interface Watched {
  readonly lengths: FrameLengths
  readonly broken: () => void
}

const watched = new WeakMap<Duplex, Watched>()

/**
 * Calls `broken` at the first frame of a client that says its length in more bytes than it needs (RFC 6455 §5.2), which `ws`
 * does not look at. Before anybody else has read the bytes: the frame itself is not to count.
 */
export function watchFrameLengths(socket: Duplex, broken: () => void): void {
  watched.set(socket, { lengths: new FrameLengths(), broken })
  socket.prependListener('data', onData)
}

/** One listener for all sockets. */
function onData(this: Duplex, chunk: Buffer): void {
  const entry = watched.get(this)
  if (!entry || entry.lengths.areMinimal(chunk)) return
  watched.delete(this)
  this.off('data', onData)
  entry.broken()
}

/** Follows the heads of the frames in a stream of bytes. */
export class FrameLengths {
  /** Bytes of the present frame that are still to come. */
  #left = 0
  /** The beginning of a head that is not whole yet. */
  #head: Buffer | null = null

  /** Whether the frames that begin in these bytes say their lengths as shortly as they can. */
  areMinimal(chunk: Buffer): boolean {
    const bytes = this.#head === null ? chunk : Buffer.concat([this.#head, chunk])
    this.#head = null
    let at = this.#left
    while (at < bytes.length) {
      const short = (bytes[at + 1] ?? 0) & 0x7f
      const lengthBytes = short === 126 ? 2 : short === 127 ? 8 : 0
      if (at + 2 + lengthBytes > bytes.length) {
        this.#left = 0
        this.#head = Buffer.from(bytes.subarray(at))
        return true
      }
      const length = lengthOf(bytes, at + 2, short)
      if (lengthBytes > 0 && length <= (lengthBytes === 2 ? 125 : 0xffff)) return false
      const mask = ((bytes[at + 1] ?? 0) & 0x80) === 0 ? 0 : 4
      at += 2 + lengthBytes + mask + length
    }
    this.#left = at - bytes.length
    return true
  }
}

function lengthOf(bytes: Buffer, at: number, short: number): number {
  if (short === 126) return bytes.readUInt16BE(at)
  return short === 127 ? Number(bytes.readBigUInt64BE(at)) : short
}
