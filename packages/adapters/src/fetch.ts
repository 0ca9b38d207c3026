import type { AuthenticatedUser, Focus, RequestInfo } from '@focus-api/core'
import { problem } from '@focus-api/core/internal'
import type { Env, Hono, MiddlewareHandler } from 'hono'
import { attachUpgrade, type HostServer } from './node.ts'
import { createUserGuard, findUser, isRefusal, type RequireUserOptions } from './user.ts'

export type { RequireUserOptions } from './user.ts'

/** Variables of a Hono context behind `requireUser`. */
export interface UserVariables {
  user: AuthenticatedUser
}

/** Options of `mountFocus`. */
export interface MountOptions {
  /** The underlying Node server, as `serve()` of `@hono/node-server` returns it; Focus handles WebSocket upgrades on it. */
  readonly server?: HostServer
}

/**
 * Returns Focus' routes as a function for any server with `Request` and `Response`. It resolves with null for other paths.
 *
 * @example
 * ```ts
 * const handle = fetchHandler(focus)
 * Bun.serve({ fetch: async (request) => (await handle(request)) ?? new Response('Not found', { status: 404 }) })
 * ```
 */
export function fetchHandler(focus: Focus): (request: Request, info?: RequestInfo) => Promise<Response | null> {
  return async (request, info) => (focus.handles(new URL(request.url).pathname) ? focus.fetch(request, info) : null)
}

/**
 * Mounts Focus into a Hono application.
 *
 * @example
 * ```ts
 * const app = new Hono<{ Variables: UserVariables }>()
 * const server = serve({ fetch: app.fetch, port: 8000 })
 * mountFocus(app, focus, { server })
 * app.post('/activities', requireUser(focus), (c) => c.json({ mine: c.get('user').id }))
 * ```
 */
export function mountFocus<E extends Env>(app: Hono<E>, focus: Focus, options: MountOptions = {}): void {
  const handle = fetchHandler(focus)
  app.use('*', async (context, next) => (await handle(context.req.raw, remoteAddressOf(context.env))) ?? next())
  if (options.server) attachUpgrade(options.server, focus)
}

/** Returns middleware that requires a valid access token and sets the variable `user`. */
export function requireUser(
  focus: Focus,
  options: RequireUserOptions = {},
): MiddlewareHandler<{ Variables: UserVariables }> {
  const guard = createUserGuard(focus, options)
  return async (context, next) => {
    try {
      context.set('user', await guard(context.req.raw.headers, remoteAddressOf(context.env)))
    } catch (error) {
      if (isRefusal(error)) return problem(error)
      throw error
    }
    return next()
  }
}

/** Returns middleware that sets the variable `user` if the request has a valid access token. An invalid token receives 401. */
export function optionalUser(focus: Focus): MiddlewareHandler<{ Variables: Partial<UserVariables> }> {
  return async (context, next) => {
    try {
      const user = await findUser(focus, context.req.raw.headers, remoteAddressOf(context.env))
      if (user) context.set('user', user)
    } catch (error) {
      if (isRefusal(error)) return problem(error)
      throw error
    }
    return next()
  }
}

/** A route handler of Next.js or of any other framework that passes only a `Request`. */
export type RouteHandler = (request: Request) => Promise<Response>

/**
 * Returns route handlers for Next.js, for `app/api/[...focus]/route.ts`. A route handler cannot take WebSocket upgrades:
 * attach the WebSocket to a Node server with `attachUpgrade`, or let clients use the event stream.
 *
 * @example
 * ```ts
 * export const { GET, POST, PUT, DELETE } = routeHandlers(focus)
 * ```
 */
export function routeHandlers(
  focus: Focus,
): Readonly<Record<'GET' | 'POST' | 'PUT' | 'DELETE' | 'HEAD' | 'OPTIONS', RouteHandler>> {
  const handle: RouteHandler = (request) => focus.fetch(request)
  return { GET: handle, POST: handle, PUT: handle, DELETE: handle, HEAD: handle, OPTIONS: handle }
}

/** Reads the peer's address; only `@hono/node-server` passes Node's request in the environment. */
function remoteAddressOf(env: unknown): RequestInfo {
  const incoming = property(env, 'incoming')
  const remoteAddress = property(property(incoming, 'socket'), 'remoteAddress')
  return typeof remoteAddress === 'string' ? { remoteAddress } : {}
}

function property(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
}
