/** Which pages of other origins may call the routes, open a WebSocket and be returned to. */
export interface OriginPolicy {
  /** The value of an `Origin` header, such as `https://app.example`. */
  allows(origin: string): boolean
  /** Whether cookies may travel: only for origins that were named, never for the loopback convenience (S26). */
  allowsCredentials(origin: string): boolean
}

export interface OriginPolicyOptions {
  /** Exact origins that the application named. */
  readonly allowedOrigins: readonly string[]
  /** Where the server is reached from outside; null while it is only used on this machine. */
  readonly publicUrl: string | null
}

/**
 * The public URL's own origin and the named ones; beside them every loopback origin, unless the public URL says that this
 * is production.
 */
export function createOriginPolicy({ allowedOrigins, publicUrl }: OriginPolicyOptions): OriginPolicy {
  const named = new Set(allowedOrigins)
  if (publicUrl !== null) named.add(new URL(publicUrl).origin)
  const loopbackToo = publicUrl === null || isLoopbackUrl(publicUrl)
  return {
    allows: (origin) => named.has(origin) || (loopbackToo && isLoopbackUrl(origin)),
    allowsCredentials: (origin) => named.has(origin),
  }
}

/**
 * A URL in its normal form: scheme and host in lower case, an internationalised host in ASCII, no default port. The dot at the
 * end of an absolute host name is left out: with and without it the name is the same.
 *
 * @throws TypeError for what is no URL
 */
export function normalUrl(text: string): string {
  const url = new URL(text)
  if (url.hostname.length > 1 && url.hostname.endsWith('.')) url.hostname = url.hostname.slice(0, -1)
  return url.href
}

/** Whether a URL or origin names this machine: `localhost`, `*.localhost`, 127.0.0.0/8 or `[::1]`. */
export function isLoopbackUrl(text: string): boolean {
  if (!URL.canParse(text)) return false
  const { protocol, hostname } = new URL(text)
  if (protocol !== 'http:' && protocol !== 'https:') return false
  return isLoopbackHost(hostname)
}

/**
 * Whether a host names this machine, as {@link isLoopbackUrl} has it.
 *
 * @param hostname without a port, IPv6 with or without brackets
 * @example
 * ```ts
 * isLoopbackHost(new URL('http://app.localhost:8000').hostname) // true
 * ```
 */
export function isLoopbackHost(hostname: string): boolean {
  const host = hostname.toLowerCase()
  return (
    host === 'localhost' ||
    host.endsWith('.localhost') ||
    host === '[::1]' ||
    host === '::1' ||
    /^127(\.\d{1,3}){3}$/.test(host)
  )
}
