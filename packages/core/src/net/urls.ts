/**
 * Returns a URL in its normal form: scheme and host in lower case, an internationalised host in ASCII, no default port, and no dot
 * at the end of the host name.
 *
 * @throws TypeError when the text is not a URL
 */
export function normalUrl(text: string): string {
  const url = new URL(text)
  if (url.hostname.length > 1 && url.hostname.endsWith('.')) url.hostname = url.hostname.slice(0, -1)
  return url.href
}

/** Returns whether a URL is https, or http to this machine. */
export function isHttpsOrLoopback(url: string): boolean {
  return (URL.canParse(url) && new URL(url).protocol === 'https:') || isLoopbackUrl(url)
}

/** Returns whether an http or https URL, or an origin, names this machine: `localhost`, `*.localhost`, 127.0.0.0/8 or `[::1]`. */
export function isLoopbackUrl(text: string): boolean {
  if (!URL.canParse(text)) return false
  const { protocol, hostname } = new URL(text)
  if (protocol !== 'http:' && protocol !== 'https:') return false
  return isLoopbackHost(hostname)
}

/**
 * Returns whether a host names this machine: `localhost`, `*.localhost`, 127.0.0.0/8 or `::1`.
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
