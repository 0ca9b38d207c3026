import { AnswerTooLargeError, ForbiddenAddressError } from '../net-errors.ts'
import { readUpTo } from './read-body.ts'
import { isHttpsOrLoopback } from '../urls.ts'

/** The part of `fetch` that openid-client and jose call. */
export type SafeFetch = (url: string, init?: RequestInit) => Promise<Response>

export interface SafeFetchLimits {
  /** How long the whole answer may take, its body included. */
  readonly timeoutMs: number
  readonly maxBodyBytes: number
}

/**
 * Returns a `fetch` for URLs that another party names (S30): https, or http to this machine; no redirects, because one could lead
 * into the private network; and limits that include the body.
 *
 * @throws ForbiddenAddressError when the URL is neither https nor on this machine
 * @throws AnswerTooLargeError
 */
export function safeFetch(fetch: typeof globalThis.fetch, { timeoutMs, maxBodyBytes }: SafeFetchLimits): SafeFetch {
  return async (url, init = {}) => {
    if (!isHttpsOrLoopback(url)) throw new ForbiddenAddressError('The address is not https.')
    const deadline = AbortSignal.timeout(timeoutMs)
    const signal = init.signal ? AbortSignal.any([init.signal, deadline]) : deadline
    const { status, statusText, headers, body } = await fetch(url, { ...init, redirect: 'manual', signal })
    const { bytes, complete } = await readUpTo(body === null ? empty : chunksOf(body, signal), maxBodyBytes)
    if (!complete) throw new AnswerTooLargeError(maxBodyBytes)
    return new Response(status === 204 || status === 304 ? null : bytes, { status, statusText, headers })
  }
}

const empty: AsyncIterable<Uint8Array> = {
  async *[Symbol.asyncIterator]() {
    // An answer without a body.
  },
}

/** Reads a stream that also ends when the signal aborts: a `fetch` of the application may ignore its signal. */
async function* chunksOf(body: ReadableStream<Uint8Array>, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const reader = body.getReader()
  const cancel = () => void reader.cancel(signal.reason).catch(() => undefined)
  signal.addEventListener('abort', cancel, { once: true })
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) yield next.value
    signal.throwIfAborted()
  } finally {
    signal.removeEventListener('abort', cancel)
    await reader.cancel().catch(() => undefined)
  }
}
