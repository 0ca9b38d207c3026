import type { IncomingMessage } from 'node:http'
import type { Principal, TokenVerifier } from '../../auth/ports.ts'
import { bearerToken } from '../../common/bearer.ts'
import { FocusError } from '../../common/errors.ts'
import { type CloseCode, closeCodes } from '../protocol/close-codes.ts'
import type { Tickets } from './tickets.ts'

/** Credentials of a client: an access token, a ticket, or an `Authorization` header that holds neither. */
export type Credentials =
  | { readonly kind: 'token' | 'ticket'; readonly secret: string }
  | { readonly kind: 'malformed' }

/**
 * Finds credentials: the `Authorization` header, else `?ticket=`, else `?token=`. Null means that the first message must bring
 * them.
 */
export function findCredentials(
  authorization: IncomingMessage['headers']['authorization'],
  query: URLSearchParams,
): Credentials | null {
  if (authorization !== undefined) {
    const token = bearerToken({ authorization })
    return token === null || !/^\S+$/.test(token) ? { kind: 'malformed' } : { kind: 'token', secret: token }
  }
  const ticket = query.get('ticket')
  if (ticket !== null) return { kind: 'ticket', secret: ticket }
  const token = query.get('token')
  return token === null ? null : { kind: 'token', secret: token }
}

/**
 * Verifies a token, or redeems a ticket.
 *
 * @throws FocusError `invalid_token`, `token_expired`, `session_revoked`
 */
export async function authenticate(
  credentials: Credentials,
  verifier: TokenVerifier,
  tickets: Tickets,
): Promise<Principal> {
  if (credentials.kind === 'malformed') {
    throw new FocusError('invalid_token', 'The Authorization header holds no bearer token.', {
      hint: 'Send `Authorization: Bearer <access token>`.',
    })
  }
  return credentials.kind === 'ticket' ? tickets.redeem(credentials.secret) : verifier.verify(credentials.secret)
}

/** Returns the close code for a failed authentication. */
export function closeCodeOf(error: unknown): CloseCode {
  if (!(error instanceof FocusError)) return closeCodes.overloaded
  switch (error.code) {
    case 'token_expired':
      return closeCodes.tokenExpired
    case 'session_revoked':
    case 'user_disabled':
      return closeCodes.sessionRevoked
    case 'insufficient_scope':
      return closeCodes.forbidden
    case 'invalid_token':
    case 'unauthenticated':
      return closeCodes.invalidToken
    default:
      return closeCodes.overloaded
  }
}
