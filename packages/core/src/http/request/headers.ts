import type { IncomingHttpHeaders } from 'node:http'

/** Returns one header of a fetch `Request` or of a Node request; null if it is absent. */
export function headerOf(headers: Headers | IncomingHttpHeaders, name: string): string | null {
  if (headers instanceof Headers) return headers.get(name)
  const value = headers[name]
  return Array.isArray(value) ? value.join(', ') : (value ?? null)
}

/** Returns whether the client asks for a page rather than for JSON. */
export function acceptsHtml(headers: Headers): boolean {
  return headers.get('accept')?.includes('text/html') ?? false
}
