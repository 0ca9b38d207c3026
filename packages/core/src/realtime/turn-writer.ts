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
  }
}
