import { isIP } from 'node:net'
import { hostname as machineName } from 'node:os'
import { isLoopbackHost } from '@focus-api/core/internal'

/** Whether a request is meant for this server, by its `Host` header. */
export type HostGuard = (header: string | undefined) => boolean

export interface HostGuardOptions {
  /** The address or name that the server listens on. */
  readonly listenHost: string
  /** Where it is reached from outside, if anywhere. */
  readonly publicUrl?: string | undefined
}

/**
 * Keeps pages of other sites away from a server that trusts this machine. Such a page can have its own name lead to
 * 127.0.0.1 (DNS rebinding), and the browser then takes the server for that site; the name in `Host` is what is left to
 * tell. Loopback names are fine, as are the public URL's host and the host that is listened on; where that is every
 * interface, each IP address (which nobody can rebind) and the machine's own name. The port says nothing.
 *
 * A request without a `Host`, possible in HTTP/1.0 alone, comes from no browser and is let through.
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

/** The host of `host[:port]` in the spelling that `URL` gives it; null when it is none. */
function hostOf(text: string): string | null {
  if (/[\s/\\?#@]/.test(text)) return null
  return URL.parse(`http://${text}`)?.hostname.replace(/\.$/, '') ?? null
}
