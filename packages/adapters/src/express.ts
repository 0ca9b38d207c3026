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
       * The person of the access token, set by `requireUser` (and by `optionalUser`, where there is one). On routes behind
       * neither it is not there, whatever its type says.
       */
      user: User
    }
  }
}

export interface MountOptions {
  /** The server that `app.listen()` returned: WebSocket upgrades are taken there. */
  readonly server?: HostServer
}

/**
 * Mounts Focus' routes below its base path and, where `server` is given, its WebSocket. Every other path goes on to the
 * application's next handler. Works before and after body parsers, on Express 4 and 5. Below a router that is mounted at a path
 * of its own, start Focus with the whole path: `createFocus({ basePath: '/v1/api' })`.
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
 * Lets a request through only with a valid access token, and sets `req.user`. Answers 401 (or 403, where a scope is
 * missing) as a problem otherwise; what is wrong here rather than with the token goes to the application's error handler.
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

/** Sets `req.user` where the request carries a valid access token, and lets everybody through; a bad token is 401. */
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
