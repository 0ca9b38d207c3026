import type { App } from './app.ts'
import type { TestIssuer } from './issuer.ts'

export interface TokenAnswer {
  readonly access_token: string
  readonly refresh_token: string
  readonly token_type: string
  readonly expires_in: number
  readonly user: { id: number; username: string; email: string; full_name: string; avatar_url: string | null }
}

export interface ProblemAnswer {
  readonly status: number
  readonly code: string
  readonly detail: string
  readonly hint?: string
  readonly error?: string
}

/** Starts a sign-in by `fetch`, as the guide's page does. */
export async function startByFetch(
  app: App,
  provider = 'google',
  query = '',
  headers: Record<string, string> = {},
): Promise<{ authorization_url: string; state: string }> {
  const response = await app.request(`/auth/${provider}${query}`, { headers })
  if (response.status !== 200) throw new Error(`The start answered ${response.status}: ${await response.text()}`)
  return (await response.json()) as { authorization_url: string; state: string }
}

/** Path and query below `/api` of a callback that the issuer sends the browser to. */
export function pathOf(callback: URL): string {
  return callback.pathname.replace(/^\/api/, '') + callback.search
}

/** Starts a sign-in by `fetch` and has the issuer agree. Returns the path of the callback. */
export async function callbackFor(app: App, issuer: TestIssuer, provider = 'google'): Promise<string> {
  const { authorization_url: url } = await startByFetch(app, provider)
  return pathOf(await issuer.authorize(url))
}

/** Signs in as the present person of the issuer. */
export async function signIn(app: App, issuer: TestIssuer, provider = 'google'): Promise<TokenAnswer> {
  const response = await app.request(await callbackFor(app, issuer, provider))
  if (response.status !== 200) throw new Error(`The callback answered ${response.status}: ${await response.text()}`)
  return (await response.json()) as TokenAnswer
}

export async function problemOf(response: Response): Promise<ProblemAnswer> {
  return (await response.json()) as ProblemAnswer
}
