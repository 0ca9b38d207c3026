import { Readable } from 'node:stream'
import type { ReadableStream as NodeReadableStream } from 'node:stream/web'
import type { AuthenticatedUser, Focus } from '@focus-api/core'
import { type Answer, pathOf, problem } from '@focus-api/core/internal'
import type Koa from 'koa'
import { answerFor } from './node/request.ts'
import { createUserGuard, findUser, isRefusal, peerOf, type RequireUserOptions } from './user.ts'

export { attachUpgrade } from './node.ts'
export type { RequireUserOptions } from './user.ts'

/** State of a context behind `requireUser`. */
export interface UserState {
  user: AuthenticatedUser
}

/**
 * Mounts Focus' routes below its base path, with or without a body parser before it, on Koa 2 and 3. The server exists only
 * after `listen()`, when middleware is fixed: attach the WebSocket to it with `attachUpgrade`.
 *
 * @example
 * ```ts
 * const app = new Koa()
 * mountFocus(app, focus)
 * const server = app.listen(8000)
 * attachUpgrade(server, focus)
 * ```
 */
export function mountFocus(app: Koa, focus: Focus): void {
  app.use(focusMiddleware(focus))
}

/** Returns Focus' routes as middleware. Other paths go on to the next middleware. */
export function focusMiddleware(focus: Focus): Koa.Middleware {
  return async (context, next) => {
    const target = context.req.url ?? '/'
    if (!focus.handles(pathOf(target))) return next()
    const parsedBody: unknown = Reflect.get(context.request, 'body')
    await respond(context, await answerFor(focus, context.req, context.res, target, parsedBody))
  }
}

/** Returns middleware that requires a valid access token and sets `ctx.state.user`. */
export function requireUser(focus: Focus, options: RequireUserOptions = {}): Koa.Middleware<UserState> {
  const guard = createUserGuard(focus, options)
  return (context, next) => admit(context, next, () => guard(context.headers, peerOf(context.req)))
}

/** Returns middleware that sets `ctx.state.user` if the request has a valid access token. An invalid token receives 401. */
export function optionalUser(focus: Focus): Koa.Middleware<Partial<UserState>> {
  return (context, next) => admit(context, next, () => findUser(focus, context.headers, peerOf(context.req)))
}

async function admit(
  context: Koa.Context,
  next: Koa.Next,
  find: () => Promise<AuthenticatedUser | null>,
): Promise<unknown> {
  try {
    const user = await find()
    if (user) context.state['user'] = user
  } catch (error) {
    if (!isRefusal(error)) throw error
    return respond(context, problem(error))
  }
  return next()
}

async function respond(context: Koa.Context, response: Answer | Response): Promise<void> {
  if (!(response instanceof Response)) {
    context.status = response.status
    context.set(response.headers)
    context.body = response.body
    return
  }
  context.status = response.status
  for (const [name, value] of response.headers) if (name !== 'set-cookie') context.set(name, value)
  const cookies = response.headers.getSetCookie()
  if (cookies.length > 0) context.set('set-cookie', cookies)
  if (!response.body) return
  const streaming = response.headers.get('content-type')?.startsWith('text/event-stream')
  if (!streaming) {
    context.body = Buffer.from(await response.arrayBuffer())
    return
  }
  const body = Readable.fromWeb(response.body as NodeReadableStream)
  // Koa leaves the connection open when the head is out already.
  body.once('error', () => context.res.destroy())
  context.body = body
}
