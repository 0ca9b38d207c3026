import { FocusError } from '../../common/errors.ts'
import { AnswerTooLargeError, ForbiddenAddressError } from '../../net/net-errors.ts'
import { type SafeFetch, safeFetch } from '../../net/outgoing/safe-fetch.ts'
import { isHttpsOrLoopback } from '../../net/urls.ts'

/** How long a provider may take to answer one request, its body included. */
export const providerTimeoutMs = 5_000
/** Metadata, key sets and token answers have a few KiB. */
const maxBodyBytes = 1_048_576

/**
 * Returns the `fetch` for requests to sign-in providers and token issuers.
 *
 * @throws FocusError `provider_error` when the URL must not be called or the answer is too large
 */
export function providerFetch(fetch: typeof globalThis.fetch, timeoutMs = providerTimeoutMs): SafeFetch {
  const request = safeFetch(fetch, { timeoutMs, maxBodyBytes })
  return async (url, init) => {
    try {
      return await request(url, init)
    } catch (error) {
      if (error instanceof ForbiddenAddressError) throw notHttps()
      if (error instanceof AnswerTooLargeError) {
        throw new FocusError('provider_error', `The sign-in provider answered with more than ${maxBodyBytes} bytes.`)
      }
      throw error
    }
  }
}

/** @throws FocusError `provider_error` when the URL is neither https nor on this machine */
export function assertProviderUrl(url: string): void {
  if (!isHttpsOrLoopback(url)) throw notHttps()
}

function notHttps(): FocusError {
  return new FocusError('provider_error', 'The sign-in provider uses an address that is not https.', {
    hint: 'Plain http is accepted for a provider on this machine only. Check the issuer and its discovery document.',
  })
}
