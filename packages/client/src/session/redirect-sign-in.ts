import { backoffMs } from '../backoff.ts'
import { FocusClientError, isRefusal } from '../errors.ts'
import type { Api } from '../http.ts'
import type { TokenResponse } from '../protocol.ts'
import type { Session } from './session.ts'
import { browserStorage, type TokenStorage } from './token-storage.ts'

/** Options of a sign-in by navigation. */
export interface SignInOptions {
  /**
   * Where the sign-in ends: a path of the API's own origin, or an address whose origin the server allows (`FOCUS_RETURN_TO`).
   * This page when absent. `completeSignIn()` has to run there.
   */
  readonly returnTo?: string | URL
  /** The whole page goes to the provider and comes back. */
  readonly mode?: 'redirect'
  /** Names the account to the provider, such as an e-mail address. */
  readonly loginHint?: string
  /** OpenID Connect's `prompt`, such as `select_account`. */
  readonly prompt?: string
}

/** The code lives for a minute. */
const timeoutMs = 10_000
const retries = 3
const longestWaitMs = 10_000

const answerParameters = ['focus_code', 'error', 'error_description'] as const

/** The sign-in by navigation: away with a challenge (RFC 7636), back with a one-time code, never with a token in the URL. */
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
    // Of this tab alone, so that two tabs can sign in at once; it outlives the navigation.
    this.#storage = browserStorage('sessionStorage')
    this.#key = `${storageKey}:verifier`
    this.#codeKey = `${storageKey}:code`
  }

  async begin(provider: string, options: SignInOptions): Promise<void> {
    const page = globalThis.location
    if (!page) throw new FocusClientError('invalid_option', 'signIn() navigates, so it needs a browser.')
    const target = new URL(`${this.#api.base}/auth/${encodeURIComponent(provider)}`)
    target.searchParams.set('redirect', '1')
    target.searchParams.set('return_to', returnAddress(options.returnTo, page.href, target.origin))
    if (options.loginHint !== undefined) target.searchParams.set('login_hint', options.loginHint)
    if (options.prompt !== undefined) target.searchParams.set('prompt', options.prompt)
    this.#storage.removeItem(this.#codeKey)
    const pair = await newVerifier()
    // Without https there is no WebCrypto; the cookie of the flow then stands in on the API's own site.
    if (pair) {
      this.#storage.setItem(this.#key, pair.verifier)
      target.searchParams.set('code_challenge', pair.challenge)
      target.searchParams.set('code_challenge_method', 'S256')
    } else {
      this.#storage.setItem(this.#key, '')
    }
    page.assign(target)
  }

  /**
   * Takes the answer of the sign-in out of the page's address; does nothing when there is none. Calls that come while one
   * is under way share it, so that effects may run twice.
   */
  complete(signal?: AbortSignal): Promise<void> {
    this.#completing ??= this.#complete(signal).finally(() => {
      this.#completing = null
    })
    return this.#completing
  }

  /** A sign-in that was not completed never will be. */
  forget(): void {
    this.#storage.removeItem(this.#key)
    this.#storage.removeItem(this.#codeKey)
  }

  async #complete(signal?: AbortSignal): Promise<void> {
    if (!globalThis.location || !globalThis.history) return
    const url = new URL(globalThis.location.href)
    const verifier = this.#storage.getItem(this.#key)
    const kept = this.#storage.getItem(this.#codeKey)
    const code = url.searchParams.get('focus_code') ?? kept
    const error = url.searchParams.get('error')
    // An `error` belongs to us only while a sign-in is under way.
    if (code === null && (error === null || verifier === null)) return
    const detail = url.searchParams.get('error_description')
    for (const name of answerParameters) url.searchParams.delete(name)
    globalThis.history.replaceState(globalThis.history.state, '', url)
    if (code === null) {
      this.#storage.removeItem(this.#key)
      throw new FocusClientError(error ?? 'sign_in_failed', detail ?? `The sign-in was refused: ${error}`)
    }
    // A code that got no answer is tried again at the next start of the page.
    this.#storage.setItem(this.#codeKey, code)
    const body = verifier ? { focus_code: code, code_verifier: verifier } : { focus_code: code }
    const { era } = this.#session
    try {
      await this.#redeem(body, era, signal)
      this.forget()
    } catch (error) {
      const isOver = isRefusal(error) || era !== this.#session.era
      if (isOver) this.forget()
      if (!isRefusal(error)) throw error
      // One that was kept is too old by now.
      if (code !== kept) throw error
    }
  }

  async #redeem(body: unknown, era: number, signal: AbortSignal | undefined): Promise<void> {
    for (let attempt = 0; ; attempt += 1) {
      try {
        const answer = await this.#api.request<TokenResponse>('/auth/token', {
          method: 'POST',
          body,
          signal,
          timeoutMs,
        })
        this.#session.adopt(answer, era)
        return
      } catch (error) {
        const isOver = attempt === retries || era !== this.#session.era
        if (isOver || isRefusal(error) || !(error instanceof FocusClientError)) throw error
        await wait(Math.min(error.retryAfterMs ?? backoffMs(attempt, Math.random()), longestWaitMs), signal)
      }
    }
  }
}

/** A path where the API is at home, so that no server setting is needed; the whole address elsewhere. */
function returnAddress(returnTo: string | URL | undefined, page: string, apiOrigin: string): string {
  const url = new URL(returnTo ?? page, page)
  for (const name of answerParameters) if (returnTo === undefined) url.searchParams.delete(name)
  return url.origin === apiOrigin ? url.pathname + url.search + url.hash : url.href
}

/** @throws the signal's reason */
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
