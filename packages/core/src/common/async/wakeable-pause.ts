/** A pause of a loop that something else may end early. */
export class WakeablePause {
  #end: (() => void) | null = null

  /** Resolves after this time, or when `wake` is called. Does not keep the process alive. */
  wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#end?.(), ms)
      timer.unref()
      this.#end = () => {
        clearTimeout(timer)
        this.#end = null
        resolve()
      }
    })
  }

  /** Ends the pause; does nothing while there is none. */
  wake(): void {
    this.#end?.()
  }
}
