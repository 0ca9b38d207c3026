import type { Principal } from '../../auth/ports.ts'
import { FocusError } from '../../common/errors.ts'

/**
 * Returns the principal of a route with `access: 'bearer'`, whose token the handler has verified.
 *
 * @throws FocusError `unauthenticated`
 */
export function requirePrincipal(principal: Principal | null): Principal {
  if (principal) return principal
  throw accessTokenMissing()
}

export function accessTokenMissing(): FocusError {
  return new FocusError('unauthenticated', 'This route needs an access token.', {
    hint: 'Send the header Authorization: Bearer <access_token>.',
  })
}
