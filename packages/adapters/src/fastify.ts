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
    /** The person of the access token, set by `requireUser` and `optionalUser`; not there on other routes. */
    user: AuthenticatedUser
  }
}

export interface FocusPluginOptions {
  readonly focus: Focus
  /** Milliseconds over which `app.close()` spreads the goodbye to open sockets; 0 says it at once. */
  readonly drainWindowMs?: number
}

/**
 * Focus as an encapsulated plugin: its routes below its base path, its WebSocket on the instance's server, and a goodbye to
 * open sockets before the server closes. Its body handling stays inside the plugin; the application's parsers stay as they are.
 *
 * @example
 * ```ts
 * await app.register(focusPlugin, { focus })
 * app.post('/activities', { preHandler: requireUser(focus) }, async (request) => ({ mine: request.user.id }))
 * ```
 */
export async function focusPlugin(app: FastifyInstance, options: FocusPluginOptions): Promise<void> {
  const { focus, drainWindowMs = 0 } = options
  // The body goes on unread: what reads it knows its limits.
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
      // @fastify/compress may be told to compress every type, and does not look at no-transform. It would hold the head back.
      request.raw.headers['x-no-compression'] = 'event-stream'
      // As a Node stream, because Fastify notices no failure of a web stream while it waits for a client that does not read.
      reply.code(response.status).headers(Object.fromEntries(response.headers))
      return reply.send(Readable.fromWeb(response.body as NodeReadableStream))
    },
  )
  const detach = attachUpgrade(app.server, focus)
  const connections = trackConnections(app.server)
  app.addHook('preClose', async () => {
    await focus.drain({ windowMs: drainWindowMs })
    detach()
    // Browsers and fetch clients open some ahead. Node counts only those as idle that have sent a request: the server would
    // wait for the others for as long as the client keeps them.
    for (const socket of connections) if (socket.bytesRead === 0) socket.destroy()
  })
}

function trackConnections(server: HostServer): ReadonlySet<Socket> {
  const connections = new Set<Socket>()
  const add = (socket: Socket) => {
    connections.add(socket)
    socket.once('close', () => connections.delete(socket))
  }
  // Over TLS the bytes of the handshake count only on the socket below.
  server.on(server instanceof SecureServer ? 'secureConnection' : 'connection', add)
  return connections
}

/** A plugin's paths begin after its prefix; Focus' base path, like every address it makes, includes it. */
function pathInside(prefix: string, basePath: string): string {
  const outer = prefix.replace(/\/$/, '')
  if (basePath === outer || basePath.startsWith(`${outer}/`)) return basePath.slice(outer.length)
  throw new FocusError('invalid_option', `The prefix ${prefix} is not the beginning of Focus' base path ${basePath}.`, {
    hint: `Start Focus with { basePath: '${outer}/api' }.`,
  })
}

/** The same for those who prefer one name in every framework. */
export async function mountFocus(
  app: FastifyInstance,
  focus: Focus,
  options: Omit<FocusPluginOptions, 'focus'> = {},
): Promise<void> {
  await app.register(focusPlugin, { ...options, focus })
}

/** A `preHandler` (or `onRequest`) hook that lets a request through only with a valid access token and sets `request.user`. */
export function requireUser(focus: Focus, options: RequireUserOptions = {}): preHandlerAsyncHookHandler {
  const guard = createUserGuard(focus, options)
  return async (request, reply) => setUser(request, reply, () => guard(request.headers, peerOf(request.raw)))
}

/** Sets `request.user` where the request carries a valid access token, and lets everybody through; a bad token is 401. */
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
