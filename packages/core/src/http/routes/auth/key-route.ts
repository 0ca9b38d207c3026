import { jwksCacheSeconds } from '../../../auth/keys/key-ring.ts'
import { json } from '../../responses.ts'
import type { Route } from '../../route.ts'
import type { AuthRouteParts } from './auth-route-parts.ts'

/** The public keys of access tokens (RFC 7517). */
export function keyRoute({ auth }: AuthRouteParts): Route {
  return {
    method: 'GET',
    path: '/auth/jwks.json',
    access: 'public',
    limit: 'public',
    handle: async () =>
      json(await auth.keys.jwks(), { headers: { 'cache-control': `public, max-age=${jwksCacheSeconds}` } }),
  }
}
