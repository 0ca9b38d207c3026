import type { AuthService } from '../../../auth/auth.ts'
import type { Route } from '../../route.ts'
import { keyAdminRoutes } from './key-admin-routes.ts'
import { sessionAdminRoutes } from './session-admin-routes.ts'
import { tokenAdminRoute } from './token-admin-route.ts'
import { userAdminRoutes } from './user-admin-routes.ts'

/**
 * The routes behind `focus users`, `focus sessions`, `focus keys` and `focus token`. Every user is named by an id, a username
 * or an e-mail address.
 */
export function authAdminRoutes({ auth }: { readonly auth: AuthService }): Route[] {
  return [...userAdminRoutes(auth), ...sessionAdminRoutes(auth), ...keyAdminRoutes(auth), tokenAdminRoute(auth)]
}
