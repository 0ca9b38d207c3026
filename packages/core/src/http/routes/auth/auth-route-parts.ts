import type { AuthConfig } from '../../../auth/auth-config.ts'
import type { AuthService } from '../../../auth/auth.ts'
import type { SignInClient } from '../../../auth/sign-in/sign-in.ts'
import { FlowCookies } from '../../request/flow-cookies.ts'
import { sessionCredentials } from '../../request/session-credentials.ts'
import type { RouteContext } from '../../route.ts'
import { TokenDelivery } from './token-delivery.ts'

export interface AuthRouteDependencies {
  readonly auth: AuthService
  readonly config: AuthConfig
}

/** Parts that the routes below `/auth` share. */
export interface AuthRouteParts extends AuthRouteDependencies {
  readonly delivery: TokenDelivery
  /** Cookies that bind sign-ins, and those that bind links, to their browser. */
  readonly cookies: { readonly signIn: FlowCookies; readonly link: FlowCookies }
  /** Reads the device and the tokens of a request. */
  readonly clientOf: (context: RouteContext) => SignInClient
}

export function authRouteParts({ auth, config }: AuthRouteDependencies): AuthRouteParts {
  const secure = config.publicUrl?.startsWith('https:') ?? false
  const delivery = new TokenDelivery({
    refreshDelivery: config.refreshDelivery,
    secure,
    maxAgeSeconds: config.sessionTtlSeconds,
  })
  const flowOptions = { secure, maxAgeSeconds: config.flowTtlSeconds }
  return {
    auth,
    config,
    delivery,
    cookies: { signIn: new FlowCookies('flow', flowOptions), link: new FlowCookies('link', flowOptions) },
    clientOf: ({ request, clientAddress }) => ({
      userAgent: request.headers.get('user-agent'),
      ip: clientAddress,
      credentials: sessionCredentials(request, { cookie: delivery.cookie, origins: config.origins }),
    }),
  }
}
