import { FocusClientError } from './errors.ts'
import { textField } from './text-field.ts'

export interface ApiRequest {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE'
  readonly body?: unknown
  readonly token?: string | null | undefined
  /** Whether the request may outlive the page. */
  readonly keepalive?: boolean
  /** The caller's signal; it replaces `timeoutMs`. */
  readonly signal?: AbortSignal | undefined
  /** Default: 30,000. */
  readonly timeoutMs?: number
}

export interface ApiOptions {
  readonly url: string | undefined
  readonly fetch: typeof globalThis.fetch
  readonly locale: string | undefined
  /** Whether the sign-in routes receive cookies on other origins too. */
  readonly cookies: boolean
}

/** The server's HTTP routes, with JSON bodies. Problems become `FocusClientError`s. */
export class Api {
  readonly #options: ApiOptions

  constructor(options: ApiOptions) {
    this.#options = options
  }

  /**
   * The absolute base address, without a final slash. It is resolved at each use, because a server that renders pages has
   * no page address.
   *
   * @throws FocusClientError `invalid_option`
   */
  get base(): string {
    const page = globalThis.location?.href
    const { url = '/api' } = this.#options
    if (!URL.canParse(url, page)) {
      throw new FocusClientError(
        'invalid_option',
        this.#options.url === undefined
          ? 'Outside browsers, pass `url`, such as https://example.com/api.'
          : `url is not a valid address: ${url}`,
      )
    }
    return new URL(url, page).href.replace(/\/+$/, '')
  }

  /** Sends a request to a route of the application. */
  send(input: RequestInfo | URL, init?: RequestInit): Promise<Response> {
    return this.#options.fetch(input, init)
  }

  /**
   * Sends a request to a route of Focus. Returns the parsed body, `undefined` for 204.
   *
   * @throws FocusClientError `network_error`, `invalid_response`, and the server's codes
   */
  async request<Answer>(path: string, request: ApiRequest = {}): Promise<Answer> {
    const { method = 'GET', body, token, keepalive = false, signal, timeoutMs = 30_000 } = request
    const { locale, cookies } = this.#options
    const headers: Record<string, string> = { accept: 'application/json' }
    if (locale !== undefined) headers['accept-language'] = locale
    if (token) headers['authorization'] = `Bearer ${token}`
    if (body !== undefined) headers['content-type'] = 'application/json'
    const url = this.base + path
    let response: Response
    try {
      response = await this.send(url, {
        method,
        headers,
        keepalive,
        credentials: cookies && path.startsWith('/auth/') ? 'include' : 'same-origin',
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
      // The body was cut off.
      if (!(cause instanceof SyntaxError)) {
        throw new FocusClientError('network_error', `${method} ${url} got an incomplete answer`, { cause })
      }
      throw new FocusClientError('invalid_response', `${method} ${url} did not answer with JSON`, {
        status: response.status,
        cause,
      })
    }
  }
}

/**
 * Turns a response into an error. Only a problem document (RFC 9457) comes from the server itself and gives the error its
 * code. Proxies, firewalls and captive portals answer with HTML or other JSON: only their status counts.
 */
async function problem(response: Response): Promise<FocusClientError> {
  const { status, headers } = response
  const body: unknown = await response.json().catch(() => null)

  const isProblem = /^application\/problem\+json/i.test(headers.get('content-type') ?? '')
  const waitMs = durationOf(headers.get('retry-after') ?? '')
  return new FocusClientError(
    (isProblem && textField(body, 'code')) || `http_${status}`,
    textField(body, 'detail') ?? textField(body, 'title') ?? `The server answered ${status}`,
    {
      status,
      hint: textField(body, 'hint'),
      retryAfterMs: waitMs > 0 ? waitMs : undefined,
    },
  )
}

/** Returns the milliseconds of a `Retry-After` in seconds or as a date; `NaN` for other values. */
function durationOf(retryAfter: string): number {
  return /^\d+$/.test(retryAfter) ? Number(retryAfter) * 1000 : Date.parse(retryAfter) - Date.now()
}
