import { isIP } from 'node:net'
import { hostname as machineName } from 'node:os'
import { isLoopbackHost } from '@focus-api/core/internal/light'

/** Returns whether a request is meant for this server, by its `Host` header. */
export type HostGuard = (header: string | undefined) => boolean

export interface HostGuardOptions {
  /** The address or name that the server listens on. */
  readonly listenHost: string
  /** Public address of the server, if it has one. */
  readonly publicUrl?: string | undefined
}

/**
 * Protects a server that trusts this machine from pages of other sites. With DNS rebinding, a page can make its own
 * name resolve to 127.0.0.1, so that the browser treats the server as that site; only the `Host` header reveals it.
 * Allowed are loopback names, the host of the public URL and the host that the server listens on. A server that listens
 * on every interface also allows each IP address, which cannot be rebound, and the machine's own name. The port is
 * ignored.
 *
 * A request without a `Host` (HTTP/1.0 only) does not come from a browser and is allowed.
 */
export function createHostGuard({ listenHost, publicUrl }: HostGuardOptions): HostGuard {
  const listening = hostOf(isIP(listenHost) === 6 ? `[${listenHost}]` : listenHost)
  const everywhere = listening === '0.0.0.0' || listening === '[::]' || listenHost === ''
  const named = new Set([
    listening,
    publicUrl === undefined ? null : (URL.parse(publicUrl)?.hostname.replace(/\.$/, '') ?? null),
    everywhere ? hostOf(machineName()) : null,
  ])
  return (header) => {
    if (header === undefined) return true
    const host = hostOf(header)
    if (host === null) return false
    return isLoopbackHost(host) || named.has(host) || (everywhere && isIP(host.replaceAll(/[[\]]/g, '')) !== 0)
  }
}

/** Returns the host of `host[:port]` as `URL` spells it; null for invalid values. */
function hostOf(text: string): string | null {
  if (/[\s/\\?#@]/.test(text)) return null
  return URL.parse(`http://${text}`)?.hostname.replace(/\.$/, '') ?? null
}
