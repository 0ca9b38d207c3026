interface Flushable {
  flush(): void
}

/**
 * Gathers the writes of one turn of the event loop, so that ten messages to one socket cost one system call. The kernel time of a
 * write, several microseconds, is the largest cost of a delivery.
 */
export class TurnWriter {
  #dirty: Flushable[] = []
  #scheduled = false
  #joined: { readonly frames: readonly Buffer[]; readonly bytes: Buffer } | null = null

  /** Schedules one call of `flush` at the end of this turn. */
  schedule(peer: Flushable): void {
    this.#dirty.push(peer)
    if (this.#scheduled) return
    this.#scheduled = true
    setImmediate(this.#flush)
  }

  readonly #flush = (): void => {
    const dirty = this.#dirty
    this.#dirty = []
    this.#scheduled = false
    for (const peer of dirty) peer.flush()
    this.#joined = null
  }

  /** Joins frames into one buffer. Sockets that get the same frames in a burst share the copy. */
  join(frames: readonly Buffer[], length: number): Buffer {
    if (this.#joined !== null && same(this.#joined.frames, frames)) return this.#joined.bytes
    const bytes = Buffer.concat(frames, length)
    this.#joined = { frames, bytes }
    return bytes
  }
}

function same(some: readonly Buffer[], others: readonly Buffer[]): boolean {
  return some.length === others.length && some.every((frame, index) => frame === others[index])
}
