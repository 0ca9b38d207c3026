import type { Principal } from '../../auth/ports.ts'
import { FocusError } from '../../common/errors.ts'

/** The person of a route with `access: 'bearer'`, whom the handler has already checked. */
export function requirePrincipal(principal: Principal | null): Principal {
  if (principal) return principal
  throw new FocusError('unauthenticated', 'This route needs an access token.')
}
