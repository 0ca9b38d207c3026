import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Provider, type Account, type Configuration } from 'oidc-provider'
import { createHostGuard } from '../server/host-guard.ts'
import { avatarSvg } from './avatar.ts'
import { createIssuerKeys, readIssuerKeys, writeIssuerKeys, type IssuerKeys } from './signing-keys.ts'
import { MemoryStore } from './memory-store.ts'
import { claimsOf, personNamed, personOfSubject, type Person } from './person.ts'
import { signInPolicy } from './policy.ts'
import { expiredPage, refusalPage, signInPage, signInStyles } from './sign-in-page.ts'

/** Options of `startDevIssuer`. */
export interface DevIssuerOptions {
  /** Redirect URIs, such as `http://localhost:8000/api/auth/google/callback`; compared exactly. */
  readonly redirectUris: readonly string[]
  /** Port to listen on (default: the last port of the same `dataDir`, otherwise any free one). */
  readonly port?: number
  /** Folder for the signing key and the client secret; without it, nothing is stored. */
  readonly dataDir?: string
}

/** A running development issuer. */
export interface DevIssuer {
  /** Issuer identifier and base address, such as `http://127.0.0.1:40123`. */
  readonly issuer: string
  readonly clientId: string
  readonly clientSecret: string
  close(): Promise<void>
}

const HOST = '127.0.0.1'

/**
 * Starts a real OpenID provider on loopback that replaces Google during development: discovery, authorization code with
 * PKCE, signed ID tokens. Users sign in by typing a name on its page, or immediately when the authorization request
 * contains `login_hint`. It asks for no password, so it listens on 127.0.0.1 only.
 *
 * @throws Error with code `EADDRINUSE` when `port` is given and taken
 * @example
 * ```ts
 * const issuer = await startDevIssuer({ redirectUris: ['http://localhost:8000/api/auth/google/callback'] })
 * console.log(issuer.issuer, issuer.clientId)
 * await issuer.close()
 * ```
 */
export async function startDevIssuer(options: DevIssuerOptions): Promise<DevIssuer> {
  const { dataDir } = options
  const keys = (dataDir === undefined ? null : await readIssuerKeys(dataDir)) ?? createIssuerKeys()
  const server = createServer()
  const port = await listen(server, options.port, keys.port)
  try {
    if (dataDir !== undefined) await writeIssuerKeys(dataDir, { ...keys, port })
    const issuer = `http://${HOST}:${port}`
    const provider = new Provider(issuer, configuration(issuer, keys, options.redirectUris))
    const oidc = provider.callback()
    const isForUs = createHostGuard({ listenHost: HOST })
    server.on('request', (request, response) => {
      if (!isForUs(request.headers.host)) return misdirected(request, response)
      // For example `//[`, which cannot be parsed.
      if (!URL.canParse(request.url ?? '/', issuer)) return void response.writeHead(400).end()
      handle(provider, request, response).then(
        (handled) => (handled ? undefined : oidc(request, response)),
        () => response.writeHead(500).end(),
      )
    })
    return { issuer, clientId: keys.clientId, clientSecret: keys.clientSecret, close: () => close(server) }
  } catch (error) {
    await close(server)
    throw error
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

/**
 * Rejects other host names: a page that can read these pages can sign in as any user, and DNS rebinding lets another
 * site use a name that resolves to this machine.
 */
function misdirected({ headers: { host = '' } }: IncomingMessage, response: ServerResponse): void {
  response
    .writeHead(421, { 'content-type': 'text/plain; charset=utf-8', 'x-content-type-options': 'nosniff' })
    .end(`The development issuer answers for localhost only, not for ${JSON.stringify(host)}.\n`)
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

/** Listens on the requested port, otherwise on the last one if it is free, otherwise on any free port. */
async function listen(server: Server, wanted: number | undefined, last: number): Promise<number> {
  if (wanted === undefined && last !== 0) {
    try {
      return await listenOn(server, last)
    } catch {
      return listenOn(server, 0)
    }
  }
  return listenOn(server, wanted ?? 0)
}

async function listenOn(server: Server, port: number): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, HOST, () => {
      server.off('error', reject)
      resolve()
    })
  })
  return (server.address() as AddressInfo).port
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
}
