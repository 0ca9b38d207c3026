/** Options of listeners, and of calls that wait for an event. */
export interface ListenOptions {
  /** Ends listening or waiting when it aborts. */
  readonly signal?: AbortSignal
}

/** Receives errors that listeners throw, so that a failing listener stops neither the others nor the connection. */
export type ErrorSink = (error: unknown) => void

/**
 * Reports an error like an exception in an event handler: to `window.onerror` in browsers, as `uncaughtException` in Node.
 */
export const reportUncaught: ErrorSink = (error) => {
  if (typeof globalThis.reportError === 'function') globalThis.reportError(error)
  else
    queueMicrotask(() => {
      throw error
    })
}

/** Listeners of one kind of event, called in the order in which they were added. */
export class Emitter<Value> {
  readonly #listeners = new Map<object, (value: Value) => void>()
  readonly #onError: ErrorSink

  constructor(onError: ErrorSink) {
    this.#onError = onError
  }

  get size(): number {
    return this.#listeners.size
  }

  /** Adds a listener. Returns the function that removes it. */
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
