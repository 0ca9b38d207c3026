import { inspect } from 'node:util'
import { secretsIn } from '@focus-api/test-kit/sentinels/log-sentinel'
import type { LogLine } from '@focus-api/core/testing'

/** Names under which secrets travel, in queries, bodies and cookies. */
const secretNames = new Set(
  'code state nonce focus_code code_verifier code_challenge access_token refresh_token id_token ticket client_secret'.split(
    ' ',
  ),
)

/**
 * Remembers every secret that passes by, and finds those that reached a log line or an answer that is an error (S28). Each
 * app of the suite is watched by one.
 */
export class Sentinel {
  readonly #secrets = new Set<string>()

  /** Further values that must never be said. */
  guard(...secrets: string[]): void {
    for (const secret of secrets) if (secret.length >= 8) this.#secrets.add(secret)
  }

  async watchRequest(url: string, headers: Headers, body: unknown): Promise<void> {
    this.#query(url)
    this.#json(body)
    for (const pair of (headers.get('cookie') ?? '').split('; ')) this.guard(pair.slice(pair.indexOf('=') + 1))
    this.guard((headers.get('authorization') ?? '').replace(/^Bearer /, ''))
  }

  async watchResponse(response: Response): Promise<void> {
    for (const line of response.headers.getSetCookie()) this.guard(line.split(';')[0]?.split('=')[1] ?? '')
    this.#query(response.headers.get('location') ?? '')
    const text = await response.clone().text()
    if (response.headers.get('content-type')?.includes('problem') === true) {
      const said = this.findIn(text)
      if (said.length > 0) throw new Error(`A problem says ${said.length} secret(s): ${text}`)
    } else if (text.startsWith('{')) {
      this.#json(JSON.parse(text))
    }
  }

  /** The secrets that a text says: those that passed by, and what has the shape of one. */
  findIn(text: string): string[] {
    return secretsIn(text, this.#secrets)
  }

  /** @throws Error when a log line of any level says a secret, in an error's cause too */
  inspectLog(lines: readonly LogLine[]): void {
    for (const line of lines) {
      const text = inspect(line, { depth: Number.POSITIVE_INFINITY, maxStringLength: null, showHidden: true })
      const said = this.findIn(text)
      if (said.length > 0) throw new Error(`A log line says ${said.length} secret(s): ${text}`)
    }
  }

  #query(url: string): void {
    const base = URL.canParse(url, 'http://self.invalid') ? new URL(url, 'http://self.invalid') : null
    for (const [name, value] of base?.searchParams ?? []) if (secretNames.has(name)) this.guard(value)
  }

  #json(value: unknown): void {
    if (typeof value !== 'object' || value === null) return
    for (const [name, entry] of Object.entries(value)) {
      if (typeof entry === 'string' && secretNames.has(name)) this.guard(entry)
      else if (typeof entry === 'string' && URL.canParse(entry)) this.#query(entry)
    }
  }
}
