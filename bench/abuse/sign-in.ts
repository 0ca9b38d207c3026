import { Browser } from '../auth/provider.ts'
import type { HttpClient } from './http-client.ts'
import { type TargetName, addressOfNeighbour } from './scene.ts'

export interface SignedIn {
  readonly headers: Readonly<Record<string, string>>
  /** Access token of Focus; the login hint for peers, which use a cookie. */
  readonly token: string
}

/** Signs a user in like a browser: start, the provider's pages, callback. */
export async function signIn(
  target: TargetName,
  client: HttpClient,
  issuer: string,
  loginHint: string,
  address = addressOfNeighbour(),
): Promise<SignedIn> {
  const headers = { 'x-forwarded-for': address, accept: 'application/json', origin: 'http://localhost:8000' }
  const started =
    target === 'focus'
      ? await client.ask({ method: 'GET', path: '/api/auth/google', headers })
      : await client.ask({
          method: 'POST',
          path: '/api/auth/sign-in/social',
          headers,
          body: JSON.stringify({ provider: 'main', callbackURL: '/' }),
        })
  if (started.status !== 200) throw new Error(`The start answered ${started.status}.`)
  const { authorization_url: ours, url: theirs } = JSON.parse(started.body) as Record<string, string>
  const authorization = new URL(ours ?? theirs ?? '')
  authorization.searchParams.set('login_hint', loginHint)
  const callback = await new Browser(issuer).follow(authorization.href)
  const cookies = setCookies(started.headers)
  const ended = await client.ask({
    method: 'GET',
    path: callback.pathname + callback.search,
    headers: cookies === '' ? headers : { ...headers, cookie: cookies },
  })
  if (target === 'focus') {
    if (ended.status !== 200) throw new Error(`The callback answered ${ended.status}.`)
    const { access_token: token } = JSON.parse(ended.body) as { access_token: string }
    return { headers: { authorization: `Bearer ${token}` }, token }
  }
  const cookie = setCookies(ended.headers)
  if (ended.status !== 302 || !cookie.includes('session_token'))
    throw new Error(`The callback answered ${ended.status}.`)
  return { headers: { cookie }, token: loginHint }
}

function setCookies(headers: NodeJS.Dict<string | string[]>): string {
  const lines = headers['set-cookie'] ?? []
  return [lines]
    .flat()
    .map((line) => line.split(';', 1)[0])
    .join('; ')
}
