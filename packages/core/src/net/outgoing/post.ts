import { type ClientRequest, type IncomingMessage, request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { type AddressesOf, lookupWith, systemAddressesOf } from '../addresses/address-guard.ts'
import { ForbiddenAddressError, UnansweredRequestError, UnresolvedNameError } from '../net-errors.ts'
import { checkOutgoingUrl, mustBePublic, type UrlTrust } from './outgoing-url.ts'
import { readUpTo } from './read-body.ts'

/** The reason of a refusal is at the start of its body. */
const maxAnswerBytes = 16_384
/** How long the body may take after the head; the status is known by then. */
const maxBodyMs = 1_000

export interface PostRequest {
  readonly url: string
  readonly headers: Readonly<Record<string, string | number>>
  readonly body: string | Buffer
  readonly signal: AbortSignal
  readonly trust: UrlTrust
  /** Resolves the host of a URL that a user gave; the operating system when absent. */
  readonly addressesOf?: AddressesOf
}

export interface PostAnswer {
  readonly status: number
  /** Whether the status is 2xx. */
  readonly ok: boolean
  readonly headers: Readonly<Record<string, string | undefined>>
  /** The first 16 KiB of an answer other than 2xx that arrived within a second; empty otherwise. */
  readonly body: string
}

/**
 * Sends one POST to a URL that is not under the control of this server (S30): https, or http to this machine; no redirects. The
 * IP address of the connection is checked, not the name, and the signal ends the request at any time. The status alone decides:
 * a body that hangs, is cut off or is malformed changes nothing.
 *
 * @throws ForbiddenAddressError when the URL or its IP address must not be called
 * @throws UnresolvedNameError from `addressesOf`
 * @throws UnansweredRequestError when the request was sent completely and no answer came
 */
export async function post({ url, headers, body, signal, trust, addressesOf }: PostRequest): Promise<PostAnswer> {
  const target = checkOutgoingUrl(url, trust)
  signal.throwIfAborted()
  const send = target.protocol === 'https:' ? httpsRequest : httpRequest
  const request = send(target, {
    method: 'POST',
    headers: { 'user-agent': 'Focus', ...headers, 'content-length': Buffer.byteLength(body) },
    signal,
    // A connection is never kept: not for another peer, and not through a restart of this one.
    agent: false,
    lookup: lookupWith(addressesOf ?? systemAddressesOf, { guarded: mustBePublic(target, trust) }),
  })
  try {
    return await answerTo(request, body)
  } catch (error) {
    if (error instanceof ForbiddenAddressError || error instanceof UnresolvedNameError) throw error
    // All bytes went to the operating system. Only the peer knows whether it processed them.
    if (request.writableFinished && error instanceof Error) {
      throw new UnansweredRequestError('The request was sent, and no answer came', { cause: error })
    }
    throw error
  }
}

function answerTo(request: ClientRequest, body: string | Buffer): Promise<PostAnswer> {
  return new Promise((resolve, reject) => {
    // An error after the head concerns the body, and `readStart` handles it.
    request.on('error', reject)
    request.on('response', (response) => {
      const status = response.statusCode ?? 0
      const ok = status >= 200 && status < 300
      const headers = Object.fromEntries(
        Object.entries(response.headers).map(([name, value]) => [name, Array.isArray(value) ? value[0] : value]),
      )
      const reading = readStart(response).finally(() => request.destroy())
      request.removeListener('error', reject).on('error', () => undefined)
      if (ok) resolve({ status, ok, headers, body: '' })
      else void reading.then((text) => resolve({ status, ok, headers, body: text }))
    })
    request.end(body)
  })
}

/** Reads the start of a body. Never rejects, and ends after `maxBodyMs`. */
async function readStart(response: IncomingMessage): Promise<string> {
  const timeout = setTimeout(() => response.destroy(), maxBodyMs)
  timeout.unref()
  try {
    const { bytes } = await readUpTo(untilItBreaks(response), maxAnswerBytes)
    return bytes.toString()
  } finally {
    clearTimeout(timeout)
  }
}

/** Ends instead of throwing: the part of a body that arrived is enough. */
async function* untilItBreaks(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* body
  } catch {
    return
  }
}
