import type { Socket } from 'node:net'
import { Readable } from 'node:stream'
import { Server as SecureServer } from 'node:tls'
import type { ReadableStream as NodeReadableStream } from 'node:stream/web'
import { type AuthenticatedUser, type Focus, FocusError } from '@focus-api/core'
import { pathOf, problem } from '@focus-api/core/internal'
import type { FastifyInstance, FastifyReply, FastifyRequest, preHandlerAsyncHookHandler } from 'fastify'
import { attachUpgrade, type HostServer } from './node.ts'
import { answerFor } from './node/request.ts'
import { createUserGuard, findUser, isRefusal, peerOf, type RequireUserOptions } from './user.ts'

export type { RequireUserOptions } from './user.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** The user of the access token, set by `requireUser` and `optionalUser`; missing on other routes. */
    user: AuthenticatedUser
  }
}

/** Options of `focusPlugin`. */
export interface FocusPluginOptions {
  readonly focus: Focus
  /** Milliseconds over which `app.close()` spreads the closing of open sockets; 0 closes all immediately. */
  readonly drainWindowMs?: number
}

/**
 * Focus as an encapsulated plugin: routes below its base path, the WebSocket on the instance's server, and an orderly close
 * of open sockets before the server closes. The application's body parsers are not affected.
 *
 * @example
 * ```ts
 * await app.register(focusPlugin, { focus })
 * app.post('/activities', { preHandler: requireUser(focus) }, async (request) => ({ mine: request.user.id }))
 * ```
 */
export async function focusPlugin(app: FastifyInstance, options: FocusPluginOptions): Promise<void> {
  const { focus, drainWindowMs = 0 } = options
  // Focus reads the body itself, with its own limits.
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', (_request, _payload, done) => done(null))
  app.all(
    `${pathInside(app.prefix, focus.basePath)}/*`,
    { bodyLimit: Number.MAX_SAFE_INTEGER },
    async (request, reply) => {
      const target = request.raw.url ?? '/'
      if (!focus.handles(pathOf(target))) return reply.callNotFound()
      const response = await answerFor(focus, request.raw, reply.raw, target, request.body)
      if (!(response instanceof Response))
        return reply.code(response.status).headers(response.headers).send(response.body)
      if (!response.body || !response.headers.get('content-type')?.startsWith('text/event-stream')) {
        return reply.send(response)
      }
      // @fastify/compress may be configured for every type, and ignores `no-transform`. It would delay the response head.
      request.raw.headers['x-no-compression'] = 'event-stream'
      // As a Node stream, because Fastify misses the failure of a web stream while it waits for a slow client.
      reply.code(response.status).headers(Object.fromEntries(response.headers))
      return reply.send(Readable.fromWeb(response.body as NodeReadableStream))
    },
  )
  const detach = attachUpgrade(app.server, focus)
  const connections = trackConnections(app.server)
  app.addHook('preClose', async () => {
    await focus.drain({ windowMs: drainWindowMs })
    detach()
    // Browsers and fetch clients open spare connections. Node counts a connection as idle only after its first request, so
    // the server would wait for the spare ones.
    for (const socket of connections) if (socket.bytesRead === 0) socket.destroy()
  })
}

function trackConnections(server: HostServer): ReadonlySet<Socket> {
  const connections = new Set<Socket>()
  const add = (socket: Socket) => {
    connections.add(socket)
    socket.once('close', () => connections.delete(socket))
  }
  // With TLS, the bytes of the handshake are counted on the underlying socket only.
  server.on(server instanceof SecureServer ? 'secureConnection' : 'connection', add)
  return connections
}

/** Returns Focus' base path relative to the plugin's prefix. The base path itself includes the prefix. */
function pathInside(prefix: string, basePath: string): string {
  const outer = prefix.replace(/\/$/, '')
  if (basePath === outer || basePath.startsWith(`${outer}/`)) return basePath.slice(outer.length)
  throw new FocusError('invalid_option', `The prefix ${prefix} is not a prefix of Focus' base path ${basePath}.`, {
    hint: `Start Focus with { basePath: '${outer}/api' }.`,
  })
}

/** Registers {@link focusPlugin}, under the name that every adapter has. */
export async function mountFocus(
  app: FastifyInstance,
  focus: Focus,
  options: Omit<FocusPluginOptions, 'focus'> = {},
): Promise<void> {
  await app.register(focusPlugin, { ...options, focus })
}

/** Returns a `preHandler` (or `onRequest`) hook that requires a valid access token and sets `request.user`. */
export function requireUser(focus: Focus, options: RequireUserOptions = {}): preHandlerAsyncHookHandler {
  const guard = createUserGuard(focus, options)
  return async (request, reply) => setUser(request, reply, () => guard(request.headers, peerOf(request.raw)))
}

/** Returns a hook that sets `request.user` if the request has a valid access token. An invalid token receives 401. */
export function optionalUser(focus: Focus): preHandlerAsyncHookHandler {
  return async (request, reply) => setUser(request, reply, () => findUser(focus, request.headers, peerOf(request.raw)))
}

async function setUser(
  request: FastifyRequest,
  reply: FastifyReply,
  find: () => Promise<AuthenticatedUser | null>,
): Promise<unknown> {
  try {
    const user = await find()
    if (user) request.user = user
    return undefined
  } catch (error) {
    if (!isRefusal(error)) throw error
    return reply.send(problem(error))
  }
}
