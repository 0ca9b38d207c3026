import type { IncomingMessage, Server } from 'node:http'
import type { Server as SecureServer } from 'node:https'
import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { type Focus, FocusError } from '@focus-api/core'
import { refuseUpgrade } from '@focus-api/core/internal'

/** The host's `http.Server` or `https.Server`. */
export type HostServer = Server | SecureServer

/** The Focus instances of a server, behind one listener that also handles upgrades that none of them accepts. */
interface Mount {
  readonly instances: Set<Focus>
  readonly unanswered: UnansweredUpgrades
  readonly listener: (req: IncomingMessage, socket: Duplex, head: Buffer) => void
}

const mounts = new WeakMap<HostServer, Mount>()

/**
 * Handles WebSocket upgrades on Focus' own path. Other paths stay with the server's other `upgrade` listeners (Vite,
 * Socket.IO …) or receive 404 if there are none. A socket that no listener answers within ten seconds is closed, because Node
 * would keep it forever.
 *
 * @returns a function that removes the listener and closes unanswered sockets
 */
export function attachUpgrade(server: HostServer, focus: Focus): () => void {
  const mount = mounts.get(server) ?? listen(server)
  mount.instances.add(focus)
  return () => {
    mount.instances.delete(focus)
    if (mount.instances.size > 0 || mounts.get(server) !== mount) return
    mounts.delete(server)
    server.off('upgrade', mount.listener)
    mount.unanswered.cutAll()
  }
}

function listen(server: HostServer): Mount {
  const instances = new Set<Focus>()
  const unanswered = new UnansweredUpgrades()
  const listener: Mount['listener'] = (req, socket, head) => {
    for (const focus of instances) if (focus.upgrade(req, socket, head)) return
    if (server.listenerCount('upgrade') > 1) unanswered.add(socket)
    else refuseUpgrade(socket, new FocusError('not_found', 'No WebSocket is at this address.'))
  }
  const mount = { instances, unanswered, listener }
  mounts.set(server, mount)
  server.on('upgrade', listener)
  return mount
}

/** Time for another listener to answer. */
const answerTimeoutMs = 10_000
/** Unanswered upgrades at the same time; a further one closes the oldest. */
const maxUnanswered = 256

/** Upgrades on other paths, until the first byte of an answer is written or its time is over. */
class UnansweredUpgrades {
  readonly #waiting = new Map<Socket, { readonly written: number; readonly timer: NodeJS.Timeout }>()

  add(socket: Duplex): void {
    // Only a `Socket` counts the bytes that were written to it.
    if (!(socket instanceof Socket)) return
    const [oldest] = this.#waiting.keys()
    if (oldest && this.#waiting.size >= maxUnanswered) this.#cut(oldest)
    const timer = setTimeout(() => this.#cut(socket), answerTimeoutMs)
    timer.unref()
    this.#waiting.set(socket, { written: socket.bytesWritten, timer })
    socket.once('close', () => this.#forget(socket))
  }

  cutAll(): void {
    for (const socket of this.#waiting.keys()) this.#cut(socket)
  }

  #cut(socket: Socket): void {
    const entry = this.#waiting.get(socket)
    this.#forget(socket)
    if (entry?.written === socket.bytesWritten) socket.destroy()
  }

  #forget(socket: Socket): void {
    clearTimeout(this.#waiting.get(socket)?.timer)
    this.#waiting.delete(socket)
  }
}
