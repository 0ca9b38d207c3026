import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exportJWK, generateKeyPair, type JWK } from 'jose'
import { type ClientMetadata, type Configuration, Provider } from 'oidc-provider'

/** May need encoding in HTTP Basic (RFC 6749 §2.3.1). */
export const certifiedClientId = 'certified client:1'

/**
 * The certified OpenID provider on loopback: PKCE required, `iss` advertised; signs in the user of `login_hint`.
 *
 * @param client metadata of the one client, in addition to its id and redirect URI
 */
export class CertifiedIssuer {
  readonly #client: Partial<ClientMetadata>
  readonly #server: Server = createServer()
  #keys: JWK[] = []

  constructor(client: Partial<ClientMetadata>) {
    this.#client = client
  }

  async start(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
    await this.rotateKeys()
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** A new signing key in place of the old one. */
  async rotateKeys(): Promise<void> {
    const { privateKey } = await generateKeyPair('RS256', { extractable: true })
    this.#keys = [
      { ...(await exportJWK(privateKey)), kid: `key-${Date.now()}-${Math.random()}`, use: 'sig', alg: 'RS256' },
    ]
    const provider = new Provider(this.url, this.#configuration())
    const respond = provider.callback()
    this.#server.removeAllListeners('request')
    this.#server.on('request', (request, response) => {
      if (!request.url?.startsWith('/interaction/')) return void respond(request, response)
      void provider.interactionDetails(request, response).then(async ({ params }) => {
        const { login_hint: hint } = params
        const accountId = typeof hint === 'string' ? hint : 'somebody'
        await provider.interactionFinished(request, response, { login: { accountId }, consent: {} })
      })
    })
  }

  /** Follows the provider's redirects as a browser with cookies does, to the callback. */
  async authorize(authorizationUrl: string): Promise<URL> {
    const cookies = new Map<string, string>()
    let url = new URL(authorizationUrl)
    while (url.origin === this.url) {
      const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
      const response = await fetch(url, { redirect: 'manual', headers: { cookie } })
      for (const line of response.headers.getSetCookie()) {
        const pair = line.split(';')[0] ?? ''
        cookies.set(pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1))
      }
      const location = response.headers.get('location')
      if (location === null) throw new Error(`The provider answered ${response.status}: ${await response.text()}`)
      url = new URL(location, url)
    }
    return url
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  #configuration(): Configuration {
    return {
      clients: [
        {
          client_id: certifiedClientId,
          redirect_uris: ['http://localhost:8000/api/auth/certified/callback'],
          ...this.#client,
        },
      ],
      jwks: { keys: this.#keys },
      // Announced is only what the client is registered for, as with a provider of one's own.
      clientAuthMethods: [this.#client.token_endpoint_auth_method ?? 'client_secret_basic'],
      pkce: { required: () => true },
      features: { devInteractions: { enabled: false } },
      interactions: { url: (_context, interaction) => `/interaction/${interaction.uid}` },
      claims: { openid: ['sub'], profile: ['name'], email: ['email', 'email_verified'] },
      cookies: { keys: ['cookie key of the tests'] },
      findAccount: (_context, id) => ({
        accountId: id,
        claims: () => ({ sub: id, name: `Person ${id}`, email: `${id}@people.example`, email_verified: true }),
      }),
      async loadExistingGrant(context) {
        const { client, session, provider } = context.oidc
        if (!client || !session?.accountId) return undefined
        const grant = new provider.Grant({ clientId: client.clientId, accountId: session.accountId })
        grant.addOIDCScope('openid email profile')
        await grant.save()
        return grant
      },
    }
  }
}
