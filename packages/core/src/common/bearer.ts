import type { IncomingHttpHeaders } from 'node:http'

/** Returns the token of `Authorization: Bearer …` (RFC 6750 §2.1); null if there is none. */
export function bearerToken(headers: IncomingHttpHeaders | Headers): string | null {
  const value = headers instanceof Headers ? headers.get('authorization') : headers.authorization
  if (!value || value.length < 8 || value.slice(0, 7).toLowerCase() !== 'bearer ') return null
  return value.slice(7).trim()
}
