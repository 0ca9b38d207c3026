import type { IncomingMessage } from 'node:http'
import type { Principal, TokenVerifier } from '../../auth/ports.ts'
import { bearerToken } from '../../common/bearer.ts'
import { FocusError } from '../../common/errors.ts'
import { type CloseCode, closeCodes } from '../protocol/close-codes.ts'
import type { Tickets } from './tickets.ts'

/** What a client showed to say who it is; the first that is present counts. */
export type Credentials =
  | { readonly kind: 'token' | 'ticket'; readonly secret: string }
  | { readonly kind: 'malformed' }

/** Finds credentials in an upgrade or a request; null means that a first message will bring them. */
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

/** @throws FocusError `invalid_token`, `token_expired`, `session_revoked` */
export async function authenticate(
  credentials: Credentials,
  verifier: TokenVerifier,
  tickets: Tickets,
): Promise<Principal> {
  if (credentials.kind === 'malformed') {
    throw new FocusError('invalid_token', 'The Authorization header holds no bearer token', {
      hint: 'Send `Authorization: Bearer <access token>`.',
    })
  }
  return credentials.kind === 'ticket' ? tickets.redeem(credentials.secret) : verifier.verify(credentials.secret)
}

/** The code that says why authentication failed. */
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
