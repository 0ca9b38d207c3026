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
