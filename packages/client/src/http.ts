import { FocusClientError } from './errors.ts'
import type { ProblemResponse } from './protocol.ts'

export interface ApiRequest {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE'
  readonly body?: unknown
  readonly token?: string | null | undefined
  /** Whether it may outlive the page. */
  readonly keepalive?: boolean
  /** The caller's; in its place a limit of `timeoutMs`. */
  readonly signal?: AbortSignal | undefined
  /** 30,000 when absent. */
  readonly timeoutMs?: number
}

export interface ApiOptions {
  readonly url: string | undefined
  readonly fetch: typeof globalThis.fetch
  readonly locale: string | undefined
  /** Whether the sign-in's routes are to have cookies on other origins too. */
  readonly cookies: boolean
}

/** The server's HTTP routes: JSON in, JSON out, problems as `FocusClientError`. */
export class Api {
  readonly #url: string | undefined
  readonly #fetch: typeof globalThis.fetch
  readonly #locale: string | undefined
  readonly #cookies: boolean

  constructor(options: ApiOptions) {
    this.#url = options.url
    this.#fetch = options.fetch
    this.#locale = options.locale
    this.#cookies = options.cookies
  }

  /**
   * The absolute base address, without a slash at its end. Read late, because on a server that renders pages there is no
   * page to be relative to until the browser takes over.
   */
  get base(): string {
    const page = globalThis.location?.href
    const url = this.#url ?? '/api'
    if (!URL.canParse(url, page)) {
      throw new FocusClientError(
        'invalid_option',
        this.#url === undefined
          ? 'Outside browsers, pass `url`, such as https://example.com/api.'
          : `url is not a valid address: ${url}`,
      )
    }
    return new URL(url, page).href.replace(/\/+$/, '')
  }

  /** The raw call, for what is not one of our own routes. */
  send(input: RequestInfo | URL, init?: RequestInit): Promise<Response> {
    return this.#fetch(input, init)
  }

  /** Answers the parsed body, `undefined` for 204. */
  async request<Answer>(path: string, request: ApiRequest = {}): Promise<Answer> {
    const { method = 'GET', body, token, keepalive = false, signal, timeoutMs = 30_000 } = request
    const headers: Record<string, string> = { accept: 'application/json' }
    if (this.#locale !== undefined) headers['accept-language'] = this.#locale
    if (token) headers['authorization'] = `Bearer ${token}`
    if (body !== undefined) headers['content-type'] = 'application/json'
    const url = this.base + path
    let response: Response
    try {
      response = await this.#fetch(url, {
        method,
        headers,
        keepalive,
        credentials: this.#cookies && path.startsWith('/auth/') ? 'include' : 'same-origin',
        body: body === undefined ? null : JSON.stringify(body),
        signal: signal ?? AbortSignal.timeout(timeoutMs),
      })
    } catch (cause) {
      signal?.throwIfAborted()
      throw new FocusClientError('network_error', `${method} ${url} got no answer`, { cause })
    }
    if (!response.ok) throw await problem(response)
    if (response.status === 204) return undefined as Answer
    try {
      return (await response.json()) as Answer
    } catch (cause) {
      signal?.throwIfAborted()
      // A body that breaks off is no answer either.
      if (!(cause instanceof SyntaxError)) {
        throw new FocusClientError('network_error', `${method} ${url} got no whole answer`, { cause })
      }
      throw new FocusClientError('invalid_response', `${method} ${url} did not answer JSON`, {
        status: response.status,
        cause,
      })
    }
  }
}

/**
 * Only a problem document (RFC 9457) is the server's own word and gives the error its code. Proxies, firewalls and captive
 * portals answer HTML, or JSON of their own: of these only the status counts.
 */
async function problem(response: Response): Promise<FocusClientError> {
  const { status, headers } = response
  const body: unknown = await response.json().catch(() => null)
  const text = (name: keyof ProblemResponse) => {
    const value: unknown = Reflect.get(Object(body), name)
    return typeof value === 'string' ? value : undefined
  }
  const isOwnWord = /^application\/problem\+json/i.test(headers.get('content-type') ?? '')
  const waitMs = durationOf(headers.get('retry-after') ?? '')
  return new FocusClientError(
    (isOwnWord && text('code')) || `http_${status}`,
    text('detail') ?? text('title') ?? `The server answered ${status}`,
    {
      status,
      hint: text('hint'),
      retryAfterMs: waitMs > 0 ? waitMs : undefined,
    },
  )
}

/** Of a `Retry-After`, in milliseconds: seconds, or the date of a maintenance page; `NaN` for anything else. */
function durationOf(retryAfter: string): number {
  return /^\d+$/.test(retryAfter) ? Number(retryAfter) * 1000 : Date.parse(retryAfter) - Date.now()
}
