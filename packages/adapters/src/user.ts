import { type AuthenticatedUser, type Focus, FocusError, type Principal, type RequestInfo } from '@focus-api/core'
import type { IncomingHttpHeaders } from 'node:http'

/** Options of `requireUser`. */
export interface RequireUserOptions {
  /** Scopes that the token must have, all of them. */
  readonly scopes?: readonly string[]
}

/** Checks the bearer token of a request, for `requireUser` of every adapter. */
export type UserGuard = (headers: IncomingHttpHeaders | Headers, peer: Peer) => Promise<AuthenticatedUser>

/** Origin of a request; without an address if the host passes none. */
export type Peer = Pick<RequestInfo, 'remoteAddress'>

export function peerOf({ socket }: { readonly socket: { readonly remoteAddress?: string | undefined } }): Peer {
  return socket.remoteAddress === undefined ? {} : { remoteAddress: socket.remoteAddress }
}

/**
 * Returns a guard for routes that need a user. The guard rejects with FocusError `unauthenticated`, `invalid_token`,
 * `token_expired`, `session_revoked`, `insufficient_scope`, `rate_limited` or `overloaded`.
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
        hint: 'Use a token that was issued with this scope.',
      })
    }
    return toUser(principal)
  }
  // Hot path of every protected route: one promise instead of an async function's two.
  return (headers, peer) => focus.authenticate(headers, peer).then(admit)
}

/** Resolves with the user of a request, or null without a token. Rejects if the token is invalid. */
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

/** Returns whether an error is answered as a problem. Other errors go to the host's error handler. */
export function isRefusal(error: unknown): error is FocusError {
  return error instanceof FocusError && (error.status < 500 || error.code === 'overloaded')
}
