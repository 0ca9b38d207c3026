import { sha256 } from '../auth/secrets.ts'
import { cookieName, readCookies, setCookie } from './cookies.ts'

const prefix = 'focus_flow_'
/** Sign-ins that one browser may have open at once (S04). */
const maxOpen = 5

/**
 * The cookies that bind a sign-in to the browser that began it, one for each flow, so that two tabs can sign in at once
 * (S03, S04).
 */
export class FlowCookies {
  readonly #secure: boolean
  readonly #maxAgeSeconds: number

  constructor(options: { readonly secure: boolean; readonly maxAgeSeconds: number }) {
    this.#secure = options.secure
    this.#maxAgeSeconds = options.maxAgeSeconds
  }

  /** Sets the cookie of a new flow, and takes the oldest ones away when there are too many. */
  begin(request: Request, state: string, binding: string): string[] {
    const open = this.#names(request)
    const surplus = open.slice(0, Math.max(0, open.length - (maxOpen - 1)))
    return [this.#set(nameOf(state), binding, this.#maxAgeSeconds), ...surplus.map((name) => this.#remove(name))]
  }

  /** Value of the flow's cookie; null when this browser has none. */
  binding(request: Request, state: string): string | null {
    return readCookies(request.headers).get(cookieName(nameOf(state), this.#secure)) ?? null
  }

  /** Values of all flow cookies of this browser. */
  bindings(request: Request): string[] {
    const names = new Set(this.#names(request))
    return [...readCookies(request.headers)].filter(([name]) => names.has(name)).map(([, value]) => value)
  }

  end(state: string): string {
    return this.#remove(cookieName(nameOf(state), this.#secure))
  }

  #names(request: Request): string[] {
    return [...readCookies(request.headers).keys()].filter((name) => name.startsWith(cookieName(prefix, this.#secure)))
  }

  #set(name: string, value: string, maxAgeSeconds: number): string {
    return setCookie(name, value, { maxAgeSeconds, secure: this.#secure, sameSite: 'Lax' })
  }

  #remove(fullName: string): string {
    return this.#set(fullName.replace(/^__Host-/, ''), '', 0)
  }
}

function nameOf(state: string): string {
  return prefix + sha256(state).slice(0, 16)
}
