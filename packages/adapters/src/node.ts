import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AuthenticatedUser, Focus } from '@focus-api/core'
import { pathOf, problem } from '@focus-api/core/internal'
import { answerFor } from './node/request.ts'
import { send, sendResponse } from './node/response.ts'
import { createUserGuard, findUser, isRefusal, peerOf, type RequireUserOptions } from './user.ts'

export { attachUpgrade, type HostServer } from './node/upgrade.ts'
export type { RequireUserOptions } from './user.ts'

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
    const target = req.url ?? '/'
    if (!focus.handles(pathOf(target))) return false
    void answer(focus, req, res, target)
    return true
  }
}

/** Answers one request to a Focus route. Resolves when the answer is sent or the client has disconnected; never rejects. */
export async function answer(focus: Focus, req: IncomingMessage, res: ServerResponse, url: string): Promise<void> {
  try {
    await send(await answerFor(focus, req, res, url), res)
  } catch {
    // An answer that cannot be sent ends this connection only.
    res.destroy()
  }
}

/**
 * Returns a guard that resolves with the user of a request, or answers with a problem and resolves with null. It rejects on
 * server errors.
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
  return (req, res) => guard(req.headers, peerOf(req)).catch((error: unknown) => refuse(error, res))
}

/** Returns a guard that resolves with the user of a request, or undefined without a token; an invalid token is answered with 401 and resolves with null. */
export function optionalUser(
  focus: Focus,
): (req: IncomingMessage, res: ServerResponse) => Promise<AuthenticatedUser | undefined | null> {
  return async (req, res) => {
    try {
      return (await findUser(focus, req.headers, peerOf(req))) ?? undefined
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
