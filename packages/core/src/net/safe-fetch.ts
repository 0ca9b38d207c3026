import { FocusError } from '../common/errors.ts'
import { isLoopbackHost } from './urls.ts'

/** How long a provider may take to answer one request, its body included. */
export const outboundTimeoutMs = 5_000
/** Metadata, key sets and token answers are a few KiB. */
const maxBodyBytes = 1_048_576

type Fetch = typeof globalThis.fetch
/** The narrow form of `fetch` that openid-client and jose call. */
export type SafeFetch = (url: string, init?: RequestInit) => Promise<Response>

/**
 * `fetch` for calls to sign-in providers (S30): https, or http on loopback; no redirects, since one could lead into the
 * private network; a time-out and a limit that cover the body too.
 */
export function outboundFetch(fetch: Fetch, timeoutMs: number = outboundTimeoutMs): SafeFetch {
  return async (url, init = {}) => {
    assertOutboundUrl(url)
    const deadline = AbortSignal.timeout(timeoutMs)
    const signal = init.signal ? AbortSignal.any([init.signal, deadline]) : deadline
    const response = await fetch(url, { ...init, redirect: 'manual', signal })
    const body = await readLimited(response, signal)
    const { status, statusText, headers } = response
    return new Response(status === 204 || status === 304 ? null : body, { status, statusText, headers })
  }
}

/** @throws FocusError `provider_error` for an address that must not be called */
export function assertOutboundUrl(url: string): void {
  const parsed = URL.canParse(url) ? new URL(url) : null
  if (parsed?.protocol === 'https:') return
  if (parsed?.protocol === 'http:' && isLoopbackHost(parsed.hostname)) return
  throw new FocusError('provider_error', 'The sign-in provider names an address that is not https.', {
    hint: 'Plain http is for a provider on this machine only; check the issuer and its discovery document.',
  })
}

async function readLimited(response: Response, signal: AbortSignal): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = []
  let size = 0
  if (response.body) {
    const reader = response.body.getReader()
    const abort = () => void reader.cancel(signal.reason).catch(() => undefined)
    signal.addEventListener('abort', abort, { once: true })
    try {
      for (let next = await reader.read(); !next.done; next = await reader.read()) {
        size += next.value.byteLength
        if (size > maxBodyBytes) {
          await reader.cancel()
          throw new FocusError('provider_error', `The sign-in provider answered with more than ${maxBodyBytes} bytes.`)
        }
        chunks.push(next.value)
      }
      signal.throwIfAborted()
    } finally {
      signal.removeEventListener('abort', abort)
    }
  }
  const body = new Uint8Array(size)
  let at = 0
  for (const chunk of chunks) {
    body.set(chunk, at)
    at += chunk.byteLength
  }
  return body
}
