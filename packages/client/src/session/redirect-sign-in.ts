import { backoffMs } from '../backoff.ts'
import { FocusClientError, isRefusal } from '../errors.ts'
import type { Api } from '../http.ts'
import type { TokenResponse } from '../protocol.ts'
import type { Session } from './session.ts'
import { browserStorage, type TokenStorage } from './token-storage.ts'

/** Options of a sign-in by navigation. */
export interface SignInOptions {
  /**
   * Address of the page to which the sign-in returns, and which calls `completeSignIn()`: a path of the API's origin, or an
   * address whose origin the server allows (`FOCUS_RETURN_TO`). Default: this page.
   */
  readonly returnTo?: string | URL
  /** The page navigates to the provider and back. */
  readonly mode?: 'redirect'
  /** Hint for the provider about the account, such as an email address. */
  readonly loginHint?: string
  /** OpenID Connect's `prompt`, such as `select_account`. */
  readonly prompt?: string
}

/** The code expires after a minute: all tries and waits fit into it. */
const timeoutMs = 10_000
const retries = 3
const maxWaitMs = 10_000

const answerParameters = ['focus_code', 'error', 'error_description'] as const

/** The sign-in by navigation: to the provider with a PKCE challenge (RFC 7636), back with a single-use code. */
export class RedirectSignIn {
  readonly #api: Api
  readonly #session: Session
  readonly #storage: TokenStorage
  readonly #key: string
  readonly #codeKey: string
  #completing: Promise<void> | null = null

  constructor(api: Api, session: Session, storageKey: string) {
    this.#api = api
    this.#session = session
    // Belongs to this tab alone, so that two tabs can sign in at once, and outlives the navigation.
    this.#storage = browserStorage('sessionStorage')
    this.#key = `${storageKey}:verifier`
    this.#codeKey = `${storageKey}:code`
  }

  /** @throws FocusClientError `invalid_option` outside of browsers */
  async start(provider: string, options: SignInOptions): Promise<void> {
    const page = globalThis.location
    if (!page) throw new FocusClientError('invalid_option', 'signIn() needs a browser.')
    const target = new URL(`${this.#api.base}/auth/${encodeURIComponent(provider)}`)
    target.searchParams.set('redirect', '1')
    target.searchParams.set('return_to', returnAddress(options.returnTo, page.href, target.origin))
    if (options.loginHint !== undefined) target.searchParams.set('login_hint', options.loginHint)
    if (options.prompt !== undefined) target.searchParams.set('prompt', options.prompt)
    this.#storage.removeItem(this.#codeKey)
    const pair = await newVerifier()
    // Pages without https have no WebCrypto. On the API's own site, the cookie of the flow replaces the challenge.
    this.#storage.setItem(this.#key, pair?.verifier ?? '')
    if (pair) {
      target.searchParams.set('code_challenge', pair.challenge)
      target.searchParams.set('code_challenge_method', 'S256')
    }
    page.assign(target)
  }

  /**
   * Completes a sign-in whose answer is in the page's address; does nothing without one. Simultaneous calls share one
   * request, because React runs effects twice.
   */
  complete(signal?: AbortSignal): Promise<void> {
    this.#completing ??= this.#complete(signal).finally(() => {
      this.#completing = null
    })
    return this.#completing
  }

  /** Forgets an incomplete sign-in. */
  forget(): void {
    this.#storage.removeItem(this.#key)
    this.#storage.removeItem(this.#codeKey)
  }

  async #complete(signal?: AbortSignal): Promise<void> {
    const { location, history } = globalThis
    if (!location || !history) return
    const url = new URL(location.href)
    const verifier = this.#storage.getItem(this.#key)
    const storedCode = this.#storage.getItem(this.#codeKey)
    const code = url.searchParams.get('focus_code') ?? storedCode
    const error = url.searchParams.get('error')
    // Without a sign-in in progress, the `error` belongs to the application.
    if (code === null && (error === null || verifier === null)) return
    const detail = url.searchParams.get('error_description')
    for (const name of answerParameters) url.searchParams.delete(name)
    history.replaceState(history.state, '', url)
    if (code === null) {
      this.#storage.removeItem(this.#key)
      throw new FocusClientError(error ?? 'sign_in_failed', detail ?? `The sign-in was refused: ${error}`)
    }
    // The next start of the page repeats a request that got no answer.
    this.#storage.setItem(this.#codeKey, code)
    const body = verifier ? { focus_code: code, code_verifier: verifier } : { focus_code: code }
    const { generation } = this.#session
    try {
      await this.#redeem(body, generation, signal)
      this.forget()
    } catch (error) {
      const isOver = isRefusal(error) || generation !== this.#session.generation
      if (isOver) this.forget()
      if (!isRefusal(error)) throw error
      // An expired stored code is not an error of this page.
      if (code !== storedCode) throw error
    }
  }

  async #redeem(body: unknown, generation: number, signal: AbortSignal | undefined): Promise<void> {
    for (let attempt = 0; ; attempt += 1) {
      try {
        const answer = await this.#api.request<TokenResponse>('/auth/token', {
          method: 'POST',
          body,
          signal,
          timeoutMs,
        })
        this.#session.adopt(answer, generation)
        return
      } catch (error) {
        const isOver = attempt === retries || generation !== this.#session.generation
        if (isOver || isRefusal(error) || !(error instanceof FocusClientError)) throw error
        await wait(Math.min(error.retryAfterMs ?? backoffMs(attempt), maxWaitMs), signal)
      }
    }
  }
}

/** Returns a path for pages of the API's origin, so that no server setting is needed; the whole address for others. */
function returnAddress(returnTo: string | URL | undefined, page: string, apiOrigin: string): string {
  const url = new URL(returnTo ?? page, page)
  for (const name of answerParameters) if (returnTo === undefined) url.searchParams.delete(name)
  return url.origin === apiOrigin ? url.pathname + url.search + url.hash : url.href
}

/** Waits, and rejects with the signal's reason after an abort. */
function wait(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms)
    const abort = () => {
      clearTimeout(timer)
      reject(signal?.reason)
    }
    if (signal?.aborted) abort()
    signal?.addEventListener('abort', abort, { once: true })
  })
}

async function newVerifier(): Promise<{ verifier: string; challenge: string } | null> {
  const { crypto } = globalThis
  if (!crypto?.subtle) return null
  const verifier = base64url(crypto.getRandomValues(new Uint8Array(32)))
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(verifier))
  return { verifier, challenge: base64url(new Uint8Array(digest)) }
}

function base64url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replace(/=+$/, '')
}
