import { type ClientRequest, type IncomingMessage, request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { isIP } from 'node:net'
import { isLoopbackHost, isLoopbackUrl } from './urls.ts'
import { isPublicAddress } from './public-address.ts'
import {
  PermanentDeliveryError,
  RetryableDeliveryError,
  UnansweredRequestError,
} from '../transports/transport-errors.ts'
import { type AddressesOf, ForbiddenAddressError, lookupWith, systemAddressesOf } from './address-guard.ts'
import { UnresolvedNameError } from './name-resolver.ts'

/** Only the beginning of a refusal's body matters: its reason. */
const maxAnswerBytes = 16_384
/** How long the body may take after the head; the status is known by then. */
const maxBodyMs = 1_000

/** Who chose an address, and so where it may lead. */
export type UrlTrust =
  /** The operator wrote it: this machine is allowed too. */
  | 'configured'
  /** A user gave it: the public internet only. */
  | 'public'
  /** Anything goes, the private network included. */
  | 'anywhere'

export interface PostRequest {
  readonly url: string
  readonly headers: Readonly<Record<string, string | number>>
  readonly body: string | Buffer
  readonly signal: AbortSignal
  readonly trust: UrlTrust
  /** For an address that a user chose: the resolver of such names. The system is asked when absent. */
  readonly addressesOf?: AddressesOf
}

export interface PostAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | undefined>>
  /** The first 16 KiB that arrived within a second, of an answer that is not 2xx. */
  readonly body: string
}

/**
 * One POST to an address of which somebody else may have a say (S30): https, or http on this machine; no redirects; the
 * address that is connected to is checked, not the name; the signal ends it whatever the peer does. The status decides: a
 * body that hangs, breaks off or is malformed changes nothing.
 *
 * @throws PermanentDeliveryError for an address that is not allowed
 * @throws UnansweredRequestError when the request was sent to its end and no answer came
 */
export async function post({ url, headers, body, signal, trust, addressesOf }: PostRequest): Promise<PostAnswer> {
  const target = checkUrl(url, trust)
  signal.throwIfAborted()
  const send = target.protocol === 'https:' ? httpsRequest : httpRequest
  const request = send(target, {
    method: 'POST',
    headers: { 'user-agent': 'Focus', ...headers, 'content-length': Buffer.byteLength(body) },
    signal,
    // A connection of one peer is never kept for another, and none is kept through a restart.
    agent: false,
    lookup: lookupWith(addressesOf ?? systemAddressesOf, { guarded: isGuarded(target, trust) }),
  })
  try {
    return await answerTo(request, body)
  } catch (error) {
    if (error instanceof UnresolvedNameError) {
      throw new RetryableDeliveryError(error.message, { category: 'unresolved', cause: error })
    }
    if (error instanceof ForbiddenAddressError) throw refuse(error.message, error)
    // Everything was handed to the system; what the peer made of it nobody knows.
    if (request.writableFinished && error instanceof Error) {
      throw new UnansweredRequestError('The request was sent, and no answer came', { cause: error })
    }
    throw error
  }
}

/**
 * Whether a URL may be used at all, as far as that can be said without a look-up.
 *
 * @throws PermanentDeliveryError
 */
export function checkUrl(url: string, trust: UrlTrust): URL {
  if (!URL.canParse(url)) throw refuse('The address is not a URL.')
  const target = new URL(url)
  const plainAllowed = trust === 'anywhere' || (trust === 'configured' && isLoopbackUrl(url))
  if (target.protocol !== 'https:' && !(target.protocol === 'http:' && plainAllowed)) {
    throw refuse(`The address of ${target.host || 'the peer'} is not https.`)
  }
  if (target.username || target.password) throw refuse('The address holds a name or a password.')
  const literal = target.hostname.replace(/^\[|\]$/g, '')
  // No look-up is made for a literal address, so it is checked here.
  if (isGuarded(target, trust) && (isIP(literal) !== 0 ? !isPublicAddress(literal) : isLoopbackHost(literal))) {
    throw refuse(`${target.hostname} is not an address on the public internet.`)
  }
  return target
}

function refuse(message: string, cause?: Error): PermanentDeliveryError {
  return new PermanentDeliveryError(message, { category: 'not_allowed', cause })
}

function isGuarded(target: URL, trust: UrlTrust): boolean {
  return trust === 'public' || (trust === 'configured' && !isLoopbackHost(target.hostname))
}

function answerTo(request: ClientRequest, body: string | Buffer): Promise<PostAnswer> {
  return new Promise((resolve, reject) => {
    // After the head an error is about the body, and `readBeginning` ends with it.
    request.on('error', reject)
    request.on('response', (response) => {
      const status = response.statusCode ?? 0
      const headers = Object.fromEntries(
        Object.entries(response.headers).map(([name, value]) => [name, Array.isArray(value) ? value[0] : value]),
      )
      const reading = readBeginning(response).finally(() => request.destroy())
      request.removeListener('error', reject).on('error', () => undefined)
      if (status >= 200 && status < 300) resolve({ status, headers, body: '' })
      else void reading.then((text) => resolve({ status, headers, body: text }))
    })
    request.end(body)
  })
}

/** Never rejects, and ends in time. */
async function readBeginning(response: IncomingMessage): Promise<string> {
  const overtime = setTimeout(() => response.destroy(), maxBodyMs)
  overtime.unref()
  const chunks: Buffer[] = []
  let size = 0
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      chunks.push(chunk)
      size += chunk.length
      if (size >= maxAnswerBytes) break
    }
  } catch {
    // A body that breaks off has said what it said.
  } finally {
    clearTimeout(overtime)
  }
  return Buffer.concat(chunks).subarray(0, maxAnswerBytes).toString()
}
