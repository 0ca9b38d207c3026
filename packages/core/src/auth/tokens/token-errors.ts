import { FocusError } from '../../common/errors.ts'

export function tokenExpired(): FocusError {
  return new FocusError('token_expired', 'The access token has expired.', {
    hint: 'Get a new one with the refresh token (POST /auth/refresh), or sign in again.',
  })
}

export function invalidToken(): FocusError {
  return new FocusError('invalid_token', 'The access token is not valid here.', {
    hint: 'Send an access_token that this server issued, unchanged.',
  })
}

export function sessionRevoked(): FocusError {
  return new FocusError('session_revoked', 'The session of this token has ended.', { hint: 'Sign in again.' })
}
