import { type AuthenticatedUser, type Focus, FocusError, type Principal, type RequestInfo } from '@focus-api/core'
import type { IncomingHttpHeaders } from 'node:http'

export interface RequireUserOptions {
  /** Scopes that the token must carry, all of them. */
  readonly scopes?: readonly string[]
}

/** Checks the bearer token of a request: the one thing that `requireUser` of every adapter does. */
export type UserGuard = (headers: IncomingHttpHeaders | Headers, peer: Peer) => Promise<AuthenticatedUser>

/** Where a request comes from; without an address where the host tells none. */
export type Peer = Pick<RequestInfo, 'remoteAddress'>

export function peerOf({ socket }: { readonly socket: { readonly remoteAddress?: string | undefined } }): Peer {
  return socket.remoteAddress === undefined ? {} : { remoteAddress: socket.remoteAddress }
}

/**
 * @throws FocusError (when called) `rate_limited`, `overloaded`, `unauthenticated`, `invalid_token`, `token_expired`, `session_revoked`,
 * `insufficient_scope`
 */
export function createUserGuard(focus: Focus, options: RequireUserOptions = {}): UserGuard {
  const scopes = Object.freeze([...(options.scopes ?? [])])
  const admit = (principal: Principal | null): AuthenticatedUser => {
    if (!principal) {
      throw new FocusError('unauthenticated', 'This route needs an access token.', {
        hint: 'Send the header Authorization: Bearer <access_token>.',
      })
    }
    const missing = scopes.filter((scope) => !principal.scopes.includes(scope))
    if (missing.length > 0) {
      throw new FocusError('insufficient_scope', `The token lacks the scope ${missing.join(' ')}.`, {
        hint: 'Use a token that was issued with it.',
      })
    }
    return toUser(principal)
  }
  // The hot path of every protected route: one promise, not an async function's two.
  return (headers, peer) => focus.authenticate(headers, peer).then(admit)
}

/** The person of a request, or null where it carries no token. A token that is there and bad is an error all the same. */
export async function findUser(
  focus: Focus,
  headers: IncomingHttpHeaders | Headers,
  peer: Peer,
): Promise<AuthenticatedUser | null> {
  const principal = await focus.authenticate(headers, peer)
  return principal && toUser(principal)
}

function toUser({ userId, sessionId, scopes, expiresAt }: Principal): AuthenticatedUser {
  return { id: userId, sessionId, scopes, expiresAt }
}

/** Whether an error is the request's fault and is answered as a problem; the rest goes to the host's error handler. */
export function isRefusal(error: unknown): error is FocusError {
  return error instanceof FocusError && (error.status < 500 || error.code === 'overloaded')
}
