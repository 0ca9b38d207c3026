import type { AuthService } from '../src/auth/auth.ts'
import type { Focus } from '../src/focus.ts'

/** Returns the auth room behind `focus.auth`, for tests of what applications cannot reach. */
export function authServiceOf({ auth }: Pick<Focus, 'auth'>): AuthService {
  return auth as AuthService
}
