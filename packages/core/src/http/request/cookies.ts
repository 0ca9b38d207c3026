export interface CookieOptions {
  /** Seconds; 0 removes the cookie. */
  readonly maxAgeSeconds: number
  /** Sends the cookie over https only, under a `__Host-` name, which no other host of the domain can set (RFC 6265bis §4.1.3). */
  readonly secure: boolean
  readonly sameSite: 'Lax' | 'Strict'
}

/** Returns the name of a cookie in the browser. */
export function cookieName(name: string, secure: boolean): string {
  return secure ? `__Host-${name}` : name
}

/** Returns a `Set-Cookie` value: HttpOnly, for the whole host. `value` must consist of characters that need no quoting. */
export function setCookie(name: string, value: string, { maxAgeSeconds, secure, sameSite }: CookieOptions): string {
  const attributes = ['Path=/', 'HttpOnly', `SameSite=${sameSite}`, `Max-Age=${maxAgeSeconds}`]
  if (secure) attributes.push('Secure')
  return [`${cookieName(name, secure)}=${value}`, ...attributes].join('; ')
}

/** Returns the cookies of a request in the order of the browser, the oldest first (RFC 6265 §5.4). */
export function readCookies(headers: Headers): Map<string, string> {
  const cookies = new Map<string, string>()
  for (const pair of (headers.get('cookie') ?? '').split(';')) {
    const at = pair.indexOf('=')
    if (at < 1) continue
    const name = pair.slice(0, at).trim()
    if (!cookies.has(name)) cookies.set(name, pair.slice(at + 1).trim())
  }
  return cookies
}
