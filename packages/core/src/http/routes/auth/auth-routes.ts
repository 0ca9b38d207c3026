import type { Route } from '../../route.ts'
import { type AuthRouteDependencies, authRouteParts } from './auth-route-parts.ts'
import { callbackRoute } from './callback-route.ts'
import { codeRoute } from './code-route.ts'
import { idTokenRoutes } from './id-token-routes.ts'
import { keyRoute } from './key-route.ts'
import { linkRoutes } from './link-routes.ts'
import { refreshRoute } from './refresh-route.ts'
import { sessionRoutes } from './session-routes.ts'
import { signOutRoutes } from './sign-out-routes.ts'
import { startRoute } from './start-route.ts'

/** The routes of `/auth`: signing in and out, sessions, linked accounts, and the public keys. */
export function authRoutes(dependencies: AuthRouteDependencies): Route[] {
  const parts = authRouteParts(dependencies)
  return [
    startRoute(parts),
    callbackRoute(parts),
    codeRoute(parts),
    ...idTokenRoutes(parts),
    ...linkRoutes(parts),
    refreshRoute(parts),
    ...signOutRoutes(parts),
    ...sessionRoutes(parts),
    keyRoute(parts),
  ]
}
