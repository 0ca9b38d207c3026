import { createHash, randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose'

export type Claims = Record<string, unknown>

interface Key {
  readonly kid: string
  readonly privateKey: CryptoKey
  readonly publicJwk: JWK
}

interface Grant {
  readonly nonce: string | null
  readonly redirectUri: string
  readonly challenge: string
  readonly person: Claims
}

/** Faults of the issuer that a test may set. Without any, the issuer follows the specifications. */
export interface Misbehaviour {
  /** Answers a request before the issuer does; true when it did. */
  handle?: (request: IncomingMessage, response: ServerResponse) => boolean | Promise<boolean>
  discovery?: (document: Claims) => Claims
  /** The claims of the ID token, before it is signed. */
  claims?: (claims: Claims) => Claims
  /** The ID token itself. */
  idToken?: (claims: Claims, signed: string) => Promise<string> | string
  /** Changes the token response to a valid code. */
  tokenAnswer?: (answer: Claims) => Claims
  /** The key set, in place of the issuer's own. */
  jwks?: readonly unknown[]
  /** Accepts a code more than once. */
  codesAgain?: boolean
  /** Left out of the callback when null. */
  callbackIss?: string | null
}

/**
 * An OpenID provider over real HTTP, with faults on request. Its authorization endpoint signs every visitor in at once, as
 * `person`.
 */
export class TestIssuer {
  readonly clientId = 'client-1'
  readonly clientSecret = 'client-secret-1'
  readonly misbehaviour: Misbehaviour = {}
  /** Paths that were asked for, in order. */
  readonly requests: string[] = []
  person: Claims = { sub: 'person-1', name: 'John Doe', email: 'john@gmail.com', email_verified: true }
  /** Claims of the user-info endpoint in addition to the subject; null removes the endpoint. */
  userInfo: Claims | null = null
  clock: () => number = Date.now
  /** `authorization_response_iss_parameter_supported` */
  advertisesIss = true
  readonly #server = createServer((request, response) => void this.#answer(request, response))
  readonly #grants = new Map<string, Grant>()
  #keys: Key[] = []

  static async start(): Promise<TestIssuer> {
    const issuer = new TestIssuer()
    await issuer.rotateKeys()
    await new Promise<void>((resolve) => issuer.#server.listen(0, '127.0.0.1', resolve))
    return issuer
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  get publicJwk(): JWK {
    return this.#key().publicJwk
  }

  /** Replaces the keys: what was signed before can no longer be checked. */
  async rotateKeys(): Promise<void> {
    const { publicKey, privateKey } = await generateKeyPair('RS256', { extractable: true })
    const kid = randomBytes(8).toString('hex')
    this.#keys = [{ kid, privateKey, publicJwk: { ...(await exportJWK(publicKey)), kid, alg: 'RS256', use: 'sig' } }]
  }

  /** Goes where a browser would go with an authorization URL; returns the callback it is sent to. */
  async authorize(authorizationUrl: string): Promise<URL> {
    const response = await fetch(authorizationUrl, { redirect: 'manual' })
    const location = response.headers.get('location')
    if (location === null) throw new Error(`The issuer answered ${response.status}: ${await response.text()}`)
    return new URL(location)
  }

  async sign(claims: Claims, header: Claims = {}): Promise<string> {
    const { kid, privateKey } = this.#key()
    return await new SignJWT(claims).setProtectedHeader({ alg: 'RS256', kid, ...header }).sign(privateKey)
  }

  idTokenClaims(person: Claims, nonce: string | null): Claims {
    const now = Math.floor(this.clock() / 1_000)
    return {
      iss: this.url,
      aud: this.clientId,
      iat: now,
      exp: now + 300,
      ...(nonce === null ? {} : { nonce }),
      ...person,
    }
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', this.url)
    this.requests.push(url.pathname)
    if (await this.misbehaviour.handle?.(request, response)) return
    const json = (body: unknown, status = 200) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    switch (url.pathname) {
      case '/.well-known/openid-configuration':
        return void json(this.misbehaviour.discovery?.(this.#document()) ?? this.#document())
      case '/jwks':
        return void json({ keys: this.misbehaviour.jwks ?? this.#keys.map((key) => key.publicJwk) })
      case '/authorize':
        return this.#authorize(url, response)
      case '/token':
        return void json(...(await this.#token(new URLSearchParams(await readAll(request)))))
      case '/userinfo':
        return void json({ sub: this.person['sub'], ...this.userInfo })
      default:
        return void json({ error: 'not_found' }, 404)
    }
  }

  #document(): Claims {
    return {
      issuer: this.url,
      authorization_endpoint: `${this.url}/authorize`,
      token_endpoint: `${this.url}/token`,
      jwks_uri: `${this.url}/jwks`,
      response_types_supported: ['code'],
      subject_types_supported: ['public'],
      token_endpoint_auth_methods_supported: ['client_secret_post'],
      id_token_signing_alg_values_supported: ['RS256'],
      code_challenge_methods_supported: ['S256'],
      ...(this.userInfo === null ? {} : { userinfo_endpoint: `${this.url}/userinfo` }),
      ...(this.advertisesIss ? { authorization_response_iss_parameter_supported: true } : {}),
    }
  }

  #authorize(url: URL, response: ServerResponse): void {
    const query = url.searchParams
    const code = randomBytes(24).toString('base64url')
    this.#grants.set(code, {
      nonce: query.get('nonce'),
      redirectUri: query.get('redirect_uri') ?? '',
      challenge: query.get('code_challenge_method') === 'S256' ? (query.get('code_challenge') ?? '') : '',
      person: this.person,
    })
    const callback = new URL(query.get('redirect_uri') ?? '')
    callback.searchParams.set('code', code)
    callback.searchParams.set('state', query.get('state') ?? '')
    const { callbackIss = this.url } = this.misbehaviour
    if (this.advertisesIss && callbackIss !== null) callback.searchParams.set('iss', callbackIss)
    response.writeHead(302, { location: callback.href }).end()
  }

  async #token(form: URLSearchParams): Promise<[Claims, number?]> {
    const code = form.get('code') ?? ''
    const grant = this.#grants.get(code)
    if (this.misbehaviour.codesAgain !== true) this.#grants.delete(code)
    const verified = createHash('sha256')
      .update(form.get('code_verifier') ?? '')
      .digest('base64url')
    const fits = grant && grant.redirectUri === form.get('redirect_uri') && grant.challenge === verified
    if (!fits) return [{ error: 'invalid_grant' }, 400]
    if (form.get('client_id') !== this.clientId || form.get('client_secret') !== this.clientSecret) {
      return [{ error: 'invalid_client' }, 401]
    }
    const honest = this.idTokenClaims(grant.person, grant.nonce)
    const claims = this.misbehaviour.claims?.(honest) ?? honest
    const signed = await this.sign(claims)
    const idToken = (await this.misbehaviour.idToken?.(claims, signed)) ?? signed
    const answer = {
      access_token: randomBytes(16).toString('hex'),
      token_type: 'Bearer',
      expires_in: 300,
      id_token: idToken,
    }
    return [this.misbehaviour.tokenAnswer?.(answer) ?? answer]
  }

  #key(): Key {
    const [key] = this.#keys
    if (!key) throw new Error('The issuer has no key.')
    return key
  }
}

export async function readAll(request: IncomingMessage): Promise<string> {
  let text = ''
  for await (const chunk of request) text += String(chunk)
  return text
}
