import type { AuthenticatedUser, Focus } from '@focus-api/core'
import { pathOf, problem } from '@focus-api/core/internal'
import type { IRouter, NextFunction, RequestHandler, Response } from 'express'
import { answer, attachUpgrade, type HostServer } from './node.ts'
import { sendResponse } from './node/response.ts'
import { createUserGuard, findUser, isRefusal, peerOf, type RequireUserOptions } from './user.ts'

export type { RequireUserOptions } from './user.ts'

declare global {
  namespace Express {
    interface User extends AuthenticatedUser {}
    interface Request {
      /**
       * The user of the access token. `requireUser` sets it; `optionalUser` sets it if the request has a token. It is
       * missing on other routes, although the type cannot say so.
       */
      user: User
    }
  }
}

/** Options of `mountFocus`. */
export interface MountOptions {
  /** The server that `app.listen()` returned; Focus handles WebSocket upgrades on it. */
  readonly server?: HostServer
}

/**
 * Mounts Focus' routes below its base path and, with `server`, its WebSocket. Other paths go on to the application's next
 * handler. It works before and after body parsers, on Express 4 and 5. For a router that is itself mounted at a path, give
 * Focus the whole path: `createFocus({ basePath: '/v1/api' })`.
 *
 * @example
 * ```ts
 * const focus = await createFocus()
 * const app = express()
 * const server = app.listen(8000)
 * mountFocus(app, focus, { server })
 * ```
 */
export function mountFocus(app: Pick<IRouter, 'use'>, focus: Focus, options: MountOptions = {}): void {
  app.use((req, res, next) => {
    if (!focus.handles(pathOf(req.originalUrl))) next()
    else void answer(focus, req, res, req.originalUrl)
  })
  if (options.server) attachUpgrade(options.server, focus)
}

/**
 * Returns middleware that requires a valid access token and sets `req.user`. Other requests receive a problem with status
 * 401, or 403 if a scope is missing. Server errors go to the application's error handler.
 *
 * @example
 * ```ts
 * app.post('/activities', requireUser(focus), (req, res) => res.json({ mine: req.user.id }))
 * ```
 */
export function requireUser(focus: Focus, options: RequireUserOptions = {}): RequestHandler {
  const guard = createUserGuard(focus, options)
  return (req, res, next) => {
    guard(req.headers, peerOf(req)).then(
      (user) => {
        req.user = user
        next()
      },
      (error: unknown) => refuse(error, res, next),
    )
  }
}

/** Returns middleware that sets `req.user` if the request has a valid access token. An invalid token receives 401. */
export function optionalUser(focus: Focus): RequestHandler {
  return (req, res, next) => {
    findUser(focus, req.headers, peerOf(req)).then(
      (user) => {
        if (user) req.user = user
        next()
      },
      (error: unknown) => refuse(error, res, next),
    )
  }
}

function refuse(error: unknown, res: Response, next: NextFunction): void {
  if (isRefusal(error)) sendResponse(problem(error), res).catch(next)
  else next(error)
}
