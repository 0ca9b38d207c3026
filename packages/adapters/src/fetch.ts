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

export interface MountOptions {
  /** The Node server below, such as what `serve()` of `@hono/node-server` returned: WebSocket upgrades are taken there. */
  readonly server?: HostServer
}

/**
 * Focus' routes for any server that speaks `Request` and `Response`. Answers null for what is not Focus', so that the
 * host goes on.
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

/** Lets a request through only with a valid access token and sets the variable `user`. */
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

/** Sets the variable `user` where the request carries a valid access token, and lets everybody through; a bad token is 401. */
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

/** A handler of a Next.js route, or of anything else that is called with a `Request` alone. */
export type RouteHandler = (request: Request) => Promise<Response>

/**
 * Route handlers for Next.js: put them into `app/api/[...focus]/route.ts`. A route handler has no server to upgrade on:
 * the WebSocket needs a Node server beside it (`attachUpgrade`), or clients use the event stream.
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

/** `@hono/node-server` puts Node's request into the environment; other runtimes don't. */
function remoteAddressOf(env: unknown): RequestInfo {
  const incoming = property(env, 'incoming')
  const remoteAddress = property(property(incoming, 'socket'), 'remoteAddress')
  return typeof remoteAddress === 'string' ? { remoteAddress } : {}
}

function property(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
}
