import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exportJWK, generateKeyPair, type JWK } from 'jose'
import { type Configuration, Provider } from 'oidc-provider'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { oidc } from '../../src/auth/providers/oidc.ts'
import { type App, startApp } from './support/app.ts'
import { describeOverDatabases } from './support/dialects.ts'
import { begin, pathOf, type TokenAnswer } from './support/flow.ts'

const redirectUri = 'http://localhost:8000/api/auth/certified/callback'
const clientId = 'certified-client'
const clientSecret = 'certified-client-secret-of-the-tests'

/** The certified OpenID provider on loopback: PKCE required, `iss` advertised; whoever comes is `login_hint`. */
class CertifiedIssuer {
  readonly #server: Server = createServer()
  #keys: JWK[] = []

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
          client_id: clientId,
          client_secret: clientSecret,
          redirect_uris: [redirectUri],
          token_endpoint_auth_method: 'client_secret_post',
        },
      ],
      jwks: { keys: this.#keys },
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

describeOverDatabases('With the certified oidc-provider', (databases) => {
  const issuer = new CertifiedIssuer()
  let app: App

  beforeAll(async () => {
    await issuer.start()
    app = await startApp({
      database: await databases.empty(),
      config: { providers: [oidc({ name: 'certified', issuer: issuer.url, clientId, clientSecret })] },
    })
  })

  afterAll(async () => {
    await app.close()
    await issuer.close()
  })

  async function callbackOf(person: string): Promise<string> {
    const { authorization_url: url } = await begin(app, 'certified', `?login_hint=${person}`)
    return pathOf(await issuer.authorize(url))
  }

  async function signInAs(person: string): Promise<TokenAnswer> {
    const response = await app.request(await callbackOf(person))
    if (response.status !== 200) throw new Error(`${response.status}: ${await response.text()}`)
    return (await response.json()) as TokenAnswer
  }

  test('the flow passes, with PKCE required and iss in the callback', async () => {
    const callback = new URL(await callbackOf('alice'), 'http://localhost')
    expect(callback.searchParams.get('iss')).toBe(issuer.url)
    const answer = await signInAs('alice')
    expect(answer.user).toMatchObject({
      username: 'person_alice',
      email: 'alice@people.example',
      full_name: 'Person alice',
    })
  })

  test('the flow passes after the provider rotated its keys', async () => {
    const before = await signInAs('bob')
    await issuer.rotateKeys()
    expect((await signInAs('bob')).user).toEqual(before.user)
  })

  test('one hundred concurrent sign-ins of one person make one user', { timeout: 60_000 }, async () => {
    const answers = await Promise.all(Array.from({ length: 100 }, () => signInAs('carol')))
    expect(new Set(answers.map((answer) => answer.user.id)).size).toBe(1)
  })

  test('one hundred concurrent sign-ins of one hundred people make one hundred users', {
    timeout: 60_000,
  }, async () => {
    const answers = await Promise.all(Array.from({ length: 100 }, (_, number) => signInAs(`p${number}`)))
    expect(new Set(answers.map((answer) => answer.user.id)).size).toBe(100)
  })
})
