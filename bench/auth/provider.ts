import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exportJWK, generateKeyPair } from 'jose'
import { type Configuration, Provider } from 'oidc-provider'

export const client = {
  id: 'bench',
  secret: 'bench-secret-of-the-benchmark',
  redirectUri: 'http://localhost:8000/api/auth/google/callback',
  /** Callback of better-auth. */
  peerRedirectUri: 'http://localhost:8000/api/auth/callback/main',
}

/** Limit of simultaneous sign-ins. */
const browsers = 16

export interface RunningProvider {
  readonly issuer: string
  /** Opens the authorization endpoint with one of several browsers. Returns the callback. */
  authorize(url: string): Promise<URL>
  close(): Promise<void>
}

/** Starts the certified provider on loopback, in this process. */
export async function startProvider(): Promise<RunningProvider> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const { privateKey } = await generateKeyPair('RS256', { extractable: true })
  const jwk = { ...(await exportJWK(privateKey)), kid: 'bench', use: 'sig', alg: 'RS256' }
  const provider = new Provider(issuer, configuration(jwk))
  const respond = provider.callback()
  server.on('request', (request, response) => {
    if (!request.url?.startsWith('/interaction/')) return void respond(request, response)
    void finishInteraction(provider, request, response)
  })
  const idle = Array.from({ length: browsers }, () => new Browser(issuer))
  return {
    issuer,
    async authorize(url) {
      const browser = idle.pop()
      if (!browser) throw new Error('There are more simultaneous sign-ins than browsers.')
      const callback = await browser.follow(url)
      idle.push(browser)
      return callback
    },
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** Signs in the user of `login_hint`; by default Alice. */
async function finishInteraction(
  provider: Provider,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { params } = await provider.interactionDetails(request, response)
  const accountId = typeof params['login_hint'] === 'string' ? params['login_hint'] : 'alice'
  await provider.interactionFinished(request, response, { login: { accountId }, consent: {} })
}

/** A browser with cookies, so that its user stays signed in at the provider after the first visit. */
export class Browser {
  readonly #issuer: string
  readonly #cookies = new Map<string, string>()

  constructor(issuer: string) {
    this.#issuer = issuer
  }

  /** Follows redirects until they leave the provider. */
  async follow(address: string): Promise<URL> {
    let url = new URL(address)
    while (url.origin === this.#issuer) {
      const cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ')
      const response = await fetch(url, { redirect: 'manual', headers: { cookie } })
      await response.arrayBuffer()
      for (const line of response.headers.getSetCookie()) this.#keep(line)
      url = new URL(response.headers.get('location') ?? '', url)
    }
    return url
  }

  #keep(line: string): void {
    const [pair = ''] = line.split(';')
    const at = pair.indexOf('=')
    this.#cookies.set(pair.slice(0, at), pair.slice(at + 1))
  }
}

function configuration(jwk: object): Configuration {
  return {
    clients: [
      {
        client_id: client.id,
        client_secret: client.secret,
        redirect_uris: [client.redirectUri, client.peerRedirectUri],
        token_endpoint_auth_method: 'client_secret_post',
      },
    ],
    jwks: { keys: [jwk] },
    conformIdTokenClaims: false,
    pkce: { required: () => true },
    features: { devInteractions: { enabled: false } },
    interactions: { url: (_context, interaction) => `/interaction/${interaction.uid}` },
    claims: { openid: ['sub'], profile: ['name'], email: ['email', 'email_verified'] },
    cookies: { keys: ['cookie key of the bench'] },
    findAccount: (_context, id) => ({
      accountId: id,
      claims: () => ({ sub: id, name: id, email: `${id}@users.example`, email_verified: true }),
    }),
    async loadExistingGrant(context) {
      const { client: known, session, provider } = context.oidc
      if (!known || !session?.accountId) return undefined
      const grant = new provider.Grant({ clientId: known.clientId, accountId: session.accountId })
      grant.addOIDCScope('openid email profile')
      await grant.save()
      return grant
    },
  }
}
