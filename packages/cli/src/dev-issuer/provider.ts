import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { Provider, type Account, type Configuration } from 'oidc-provider'
import { avatarSvg } from './avatar.ts'
import { MemoryStore } from './memory-store.ts'
import { claimsOf, personNamed, personOfSubject, type Person } from './person.ts'
import { signInPolicy } from './policy.ts'
import { expiredPage, refusalPage, signInPage, signInStyles } from './sign-in-page.ts'
import type { IssuerKeys } from './signing-keys.ts'

/** Creates the protocol of the development issuer, and its pages. */
export function createProvider(issuer: string, keys: IssuerKeys, redirectUris: readonly string[]): RequestListener {
  const provider = new Provider(issuer, configuration(issuer, keys, redirectUris))
  const oidc = provider.callback()
  return (request, response) => {
    handle(provider, request, response).then(
      (handled) => (handled ? undefined : oidc(request, response)),
      () => response.writeHead(500).end(),
    )
  }
}

function configuration(issuer: string, keys: IssuerKeys, redirectUris: readonly string[]): Configuration {
  // Cookies ignore the port: two issuers on this machine must not read each other's.
  const cookie = (name: string) => `focus_dev_${name}_${new URL(issuer).port}`
  return {
    adapter: MemoryStore.factory(),
    jwks: { keys: [keys.jwk] },
    clients: [
      {
        client_id: keys.clientId,
        client_secret: keys.clientSecret,
        redirect_uris: [...redirectUris],
        response_types: ['code'],
        grant_types: ['authorization_code'],
        token_endpoint_auth_method: 'client_secret_basic',
      },
    ],
    // Clients may send the secret in the body or in the header, as with Google.
    clientAuthMethods: ['client_secret_basic', 'client_secret_post'],
    claims: {
      openid: ['sub'],
      profile: ['name', 'given_name', 'preferred_username', 'picture'],
      email: ['email', 'email_verified', 'hd'],
    },
    // Google's ID token contains the profile.
    conformIdTokenClaims: false,
    cookies: {
      keys: [keys.cookieSecret],
      names: { interaction: cookie('interaction'), resume: cookie('resume'), session: cookie('session') },
    },
    expiresWithSession: () => false,
    features: {
      devInteractions: { enabled: false },
      rpInitiatedLogout: { enabled: false },
    },
    findAccount: (_context, subject) => accountOf(personOfSubject(subject), issuer) ?? undefined,
    interactions: {
      policy: signInPolicy((hint) => accountOf(personNamed(hint), issuer)),
      url: (_context, interaction) => `/sign-in/${interaction.uid}`,
    },
    pkce: { required: () => false },
    renderError: (context, { error, error_description: description }) => {
      context.type = 'html'
      context.body = refusalPage(context.get('accept-language'), error, description ?? '')
    },
    ttl: { AccessToken: 3600, AuthorizationCode: 60, Grant: 3600, IdToken: 3600, Interaction: 3600, Session: 3600 },
  }
}

function accountOf(person: Person | null, issuer: string): Account | null {
  if (person === null) return null
  return { accountId: person.subject, claims: () => claims(person, issuer) }
}

async function claims(person: Person, issuer: string): Promise<{ sub: string; [claim: string]: string | boolean }> {
  return { ...claimsOf(person, issuer), sub: person.subject }
}

/** Serves the pages beside the protocol; returns false for requests of the protocol. */
async function handle(provider: Provider, request: IncomingMessage, response: ServerResponse): Promise<boolean> {
  if (request.method !== 'GET') return false
  const { pathname } = new URL(request.url ?? '/', provider.issuer)
  if (pathname === '/sign-in.css') {
    response.writeHead(200, { 'content-type': 'text/css', 'cache-control': 'max-age=300' }).end(signInStyles)
    return true
  }
  const subject = /^\/avatar\/([\w-]+)\.svg$/.exec(pathname)?.[1]
  const person = subject === undefined ? null : personOfSubject(subject)
  if (person !== null) {
    response.writeHead(200, { 'content-type': 'image/svg+xml', 'cache-control': 'max-age=3600' }).end(avatarSvg(person))
    return true
  }
  const uid = /^\/sign-in\/([\w-]+)$/.exec(pathname)?.[1]
  if (uid === undefined) return false
  await showSignIn(provider, uid, request, response)
  return true
}

async function showSignIn(
  provider: Provider,
  uid: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const acceptLanguage = request.headers['accept-language']
  const interaction = await provider.Interaction.find(uid)
  if (interaction === undefined) return respond(response, 404, expiredPage(acceptLanguage))
  const parameters: Record<string, string> = {}
  for (const [name, value] of Object.entries(interaction.params)) {
    if (typeof value === 'string') parameters[name] = value
  }
  const refusal = new URL(parameters.redirect_uri ?? '/', provider.issuer)
  refusal.searchParams.set('error', 'access_denied')
  refusal.searchParams.set('error_description', 'the user refused')
  if (parameters.state !== undefined) refusal.searchParams.set('state', parameters.state)
  refusal.searchParams.set('iss', provider.issuer)
  respond(
    response,
    200,
    signInPage({
      acceptLanguage,
      parameters,
      authorizationEndpoint: '/auth',
      refusalUrl: refusal.href,
      invalidName: parameters.login_hint !== undefined,
    }),
  )
}

function respond(response: ServerResponse, status: number, body: string): void {
  response
    .writeHead(status, {
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-store',
      'content-security-policy':
        "default-src 'none'; style-src 'self'; img-src 'self' data:; base-uri 'none'; frame-ancestors 'none'",
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
    })
    .end(body)
}
