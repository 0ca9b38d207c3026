import { isLoopbackUrl } from './urls.ts'

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
