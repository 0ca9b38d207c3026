interface Flushable {
  flush(): void
}

/**
 * Gathers what one turn of the event loop produces, so that ten messages to one socket cost one system call: a write costs
 * several microseconds of kernel time, everything else is small beside it.
 */
export class TurnWriter {
  #dirty: Flushable[] = []
  #scheduled = false
  #joined: { readonly frames: readonly Buffer[]; readonly bytes: Buffer } | null = null

  /** Has `flush` called once at the end of this turn. */
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

  /** Several frames as one buffer. Sockets of a burst mostly get the same frames: then they share the copy, too. */
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
