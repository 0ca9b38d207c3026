/** How a listener is told to stop listening, beside calling the function that adding it returned. */
export interface ListenOptions {
  readonly signal?: AbortSignal
}

/** What a listener threw goes here, so that one bad listener neither stops the others nor the connection. */
export type ErrorSink = (error: unknown) => void

/**
 * Gives an error to the page, as an exception in an event handler would be: `window.onerror` in browsers,
 * `uncaughtException` in Node.
 */
export const reportUncaught: ErrorSink = (error) => {
  if (typeof globalThis.reportError === 'function') globalThis.reportError(error)
  else
    queueMicrotask(() => {
      throw error
    })
}

/** One kind of event and its listeners, in the order in which they were added. */
export class Emitter<Value> {
  readonly #listeners = new Map<object, (value: Value) => void>()
  readonly #onError: ErrorSink

  constructor(onError: ErrorSink) {
    this.#onError = onError
  }

  get size(): number {
    return this.#listeners.size
  }

  /** Adds a listener; the function that comes back removes it. */
  add(listener: (value: Value) => void, options: ListenOptions = {}): () => void {
    const { signal } = options
    if (signal?.aborted) return () => undefined
    const key = {}
    const remove = () => {
      this.#listeners.delete(key)
      signal?.removeEventListener('abort', remove)
    }
    this.#listeners.set(key, listener)
    signal?.addEventListener('abort', remove)
    return remove
  }

  emit(value: Value): void {
    for (const listener of this.#listeners.values()) {
      try {
        listener(value)
      } catch (error) {
        this.#onError(error)
      }
    }
  }
}
