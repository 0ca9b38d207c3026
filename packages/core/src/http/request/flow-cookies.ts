import { sha256Hex } from '../../common/hashing.ts'
import { cookieName, readCookies, setCookie } from './cookies.ts'

/** Sign-ins and links have separate cookies, because a finished sign-in voids the links of its browser (S37). */
const prefixes = { flow: 'focus_flow_', link: 'focus_link_' } as const
/** Flows that one browser may have open at once (S04). */
const maxOpen = 5

/**
 * The cookies that bind sign-ins, or links, to the browser that started them. Each flow has its own, so that two tabs can sign
 * in at once (S03, S04).
 */
export class FlowCookies {
  readonly #prefix: string
  readonly #secure: boolean
  readonly #maxAgeSeconds: number

  constructor(kind: keyof typeof prefixes, options: { readonly secure: boolean; readonly maxAgeSeconds: number }) {
    this.#prefix = prefixes[kind]
    this.#secure = options.secure
    this.#maxAgeSeconds = options.maxAgeSeconds
  }

  /** Returns the `Set-Cookie` values for a new flow: its cookie, and the removal of the oldest ones beyond the limit. */
  start(request: Request, state: string, binding: string): string[] {
    const open = this.#names(request)
    const surplus = open.slice(0, Math.max(0, open.length - (maxOpen - 1)))
    return [this.#set(this.#nameOf(state), binding, this.#maxAgeSeconds), ...surplus.map((name) => this.#remove(name))]
  }

  /** Returns the value of a flow's cookie; null when this browser has none. */
  binding(request: Request, state: string): string | null {
    return readCookies(request.headers).get(cookieName(this.#nameOf(state), this.#secure)) ?? null
  }

  /** Returns the values of all flow cookies of this browser. */
  bindings(request: Request): string[] {
    const names = new Set(this.#names(request))
    return [...readCookies(request.headers)].filter(([name]) => names.has(name)).map(([, value]) => value)
  }

  /** Returns the `Set-Cookie` value that removes a flow's cookie. */
  end(state: string): string {
    return this.#remove(cookieName(this.#nameOf(state), this.#secure))
  }

  /** Returns the `Set-Cookie` values that remove all flow cookies of this browser. */
  endAll(request: Request): string[] {
    return this.#names(request).map((name) => this.#remove(name))
  }

  #nameOf(state: string): string {
    return this.#prefix + sha256Hex(state).slice(0, 16)
  }

  #names(request: Request): string[] {
    return [...readCookies(request.headers).keys()].filter((name) =>
      name.startsWith(cookieName(this.#prefix, this.#secure)),
    )
  }

  #set(name: string, value: string, maxAgeSeconds: number): string {
    return setCookie(name, value, { maxAgeSeconds, secure: this.#secure, sameSite: 'Lax' })
  }

  #remove(fullName: string): string {
    return this.#set(fullName.replace(/^__Host-/, ''), '', 0)
  }
}
