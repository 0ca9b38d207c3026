import { isLoopbackUrl } from './urls.ts'

/** Decides which origins may call the routes, open a WebSocket, and be the target of a redirect. */
export interface OriginPolicy {
  /** @param origin the value of an `Origin` header, such as `https://app.example` */
  allows(origin: string): boolean
  /** Returns whether requests may carry cookies: only from configured origins, never from other loopback origins (S26). */
  allowsCredentials(origin: string): boolean
}

export interface OriginPolicyOptions {
  /** The origins that the application configured. */
  readonly allowedOrigins: readonly string[]
  /** The public URL of the server; null while it is used on this machine only. */
  readonly publicUrl: string | null
}

/**
 * Returns a policy that allows the origin of the public URL and the configured origins. It also allows every loopback origin, unless
 * the public URL is not on this machine.
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
