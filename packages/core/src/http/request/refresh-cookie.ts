import { cookieName, readCookies, setCookie } from './cookies.ts'

const name = 'focus_refresh'

/** The cookie with the refresh token, which no script can read; used with cookie delivery. */
export class RefreshCookie {
  readonly #secure: boolean
  readonly #maxAgeSeconds: number

  constructor(options: { readonly secure: boolean; readonly maxAgeSeconds: number }) {
    this.#secure = options.secure
    this.#maxAgeSeconds = options.maxAgeSeconds
  }

  read(request: Request): string | null {
    return readCookies(request.headers).get(cookieName(name, this.#secure)) ?? null
  }

  set(refreshToken: string): string {
    return setCookie(name, refreshToken, {
      maxAgeSeconds: this.#maxAgeSeconds,
      secure: this.#secure,
      sameSite: 'Strict',
    })
  }

  remove(): string {
    return setCookie(name, '', { maxAgeSeconds: 0, secure: this.#secure, sameSite: 'Strict' })
  }
}
