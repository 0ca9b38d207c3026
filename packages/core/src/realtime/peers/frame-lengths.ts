import type { Duplex } from 'node:stream'
import type { CloseCode } from '../protocol/close-codes.ts'

/** Closes with the code that `ws` uses for other invalid frames. */
export const badFrame: CloseCode = {
  code: 1002,
  reason: 'frame length',
  meaning: 'A frame encoded its length in more bytes than necessary.',
}

interface Watched {
  readonly lengths: FrameLengths
  readonly broken: () => void
}

const watched = new WeakMap<Duplex, Watched>()

/**
 * Calls `broken` at the first frame whose length takes more bytes than necessary (RFC 6455 §5.2), which `ws` does not check. The
 * listener runs before the one of `ws`, so that the frame itself is not handled.
 */
export function watchFrameLengths(socket: Duplex, broken: () => void): void {
  watched.set(socket, { lengths: new FrameLengths(), broken })
  socket.prependListener('data', onData)
}

/** Shared by all sockets. */
function onData(this: Duplex, chunk: Buffer): void {
  const entry = watched.get(this)
  if (!entry || entry.lengths.areMinimal(chunk)) return
  watched.delete(this)
  this.off('data', onData)
  entry.broken()
}

/** Finds the frame headers in a stream of bytes. */
export class FrameLengths {
  /** Bytes of the current frame that have not arrived yet. */
  #left = 0
  /** The first bytes of an incomplete header. */
  #head: Buffer | null = null

  /** Returns whether all frames that start in these bytes encode their lengths in as few bytes as possible. */
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
