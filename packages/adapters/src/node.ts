import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Server as SecureServer } from 'node:https'
import type { Duplex } from 'node:stream'
import { type AuthenticatedUser, type Focus, problem } from '@focus-api/core'
import { fetchFor } from './node/request.ts'
import { sendResponse } from './node/response.ts'
import { createUserGuard, findUser, isRefusal, type RequireUserOptions } from './user.ts'

export type { RequireUserOptions } from './user.ts'

/** The host's `http.Server` or `https.Server`. */
export type HostServer = Server | SecureServer

/** Returns true when the request was one of Focus' routes and is answered; false leaves it to the host. */
export type NodeHandler = (req: IncomingMessage, res: ServerResponse) => boolean

/**
 * Focus' routes for a plain `node:http` server.
 *
 * @example
 * ```ts
 * const handle = nodeHandler(focus)
 * const server = http.createServer((req, res) => {
 *   if (!handle(req, res)) res.writeHead(404).end()
 * })
 * attachUpgrade(server, focus)
 * ```
 */
export function nodeHandler(focus: Focus): NodeHandler {
  return (req, res) => {
    const path = pathOf(req.url ?? '/')
    if (!focus.handles(path)) return false
    void answer(focus, req, res, req.url ?? '/')
    return true
  }
}

/** Answers one request that is Focus'; the promise settles when the answer is sent or the client has gone, never rejects. */
export async function answer(focus: Focus, req: IncomingMessage, res: ServerResponse, url: string): Promise<void> {
  try {
    await sendResponse(await fetchFor(focus, req, res, url), res)
  } catch {
    // What cannot be answered any more ends this connection, and nothing else.
    res.destroy()
  }
}

/** The path of a request target, without building a `URL` for requests that are the host's. */
export function pathOf(target: string): string {
  const end = target.search(/[?#]/)
  return end === -1 ? target : target.slice(0, end)
}

/**
 * Gives the person of a request, or answers it with a problem and gives null. What is wrong here rather than with the token
 * rejects.
 *
 * @example
 * ```ts
 * const guard = requireUser(focus)
 * const server = http.createServer(async (req, res) => {
 *   const user = await guard(req, res)
 *   if (user) res.end(`Hello ${user.id}`)
 * })
 * ```
 */
export function requireUser(
  focus: Focus,
  options: RequireUserOptions = {},
): (req: IncomingMessage, res: ServerResponse) => Promise<AuthenticatedUser | null> {
  const guard = createUserGuard(focus, options)
  return (req, res) => guard(req.headers).catch((error: unknown) => refuse(error, res))
}

/** Gives the person of a request, undefined where it carries no token; a bad token is answered and gives null. */
export function optionalUser(
  focus: Focus,
): (req: IncomingMessage, res: ServerResponse) => Promise<AuthenticatedUser | undefined | null> {
  return async (req, res) => {
    try {
      return (await findUser(focus, req.headers)) ?? undefined
    } catch (error) {
      return refuse(error, res)
    }
  }
}

async function refuse(error: unknown, res: ServerResponse): Promise<null> {
  if (!isRefusal(error)) throw error
  await sendResponse(problem(error), res)
  return null
}

/** The instances on a server, behind one listener, so that "nobody took it" can be told. */
interface Mount {
  readonly instances: Set<Focus>
  readonly listener: (req: IncomingMessage, socket: Duplex, head: Buffer) => void
}

const mounts = new WeakMap<HostServer, Mount>()

/**
 * Takes WebSocket upgrades on Focus' own path. Other paths stay with the server's other `upgrade` listeners (Vite,
 * Socket.IO …); when there are none they get 404. Returns a function that takes the listener off again.
 */
export function attachUpgrade(server: HostServer, focus: Focus): () => void {
  const mount = mounts.get(server) ?? listen(server)
  mount.instances.add(focus)
  return () => {
    mount.instances.delete(focus)
    if (mount.instances.size > 0 || mounts.get(server) !== mount) return
    mounts.delete(server)
    server.off('upgrade', mount.listener)
  }
}

function listen(server: HostServer): Mount {
  const instances = new Set<Focus>()
  const listener: Mount['listener'] = (req, socket, head) => {
    for (const focus of instances) if (focus.upgrade(req, socket, head)) return
    if (server.listenerCount('upgrade') > 1) return
    socket.on('error', () => socket.destroy())
    socket.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n')
  }
  const mount = { instances, listener }
  mounts.set(server, mount)
  server.on('upgrade', listener)
  return mount
}
