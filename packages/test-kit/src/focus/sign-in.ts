/** The answer of the callback of a sign-in. */
export interface SignedIn {
  readonly access_token: string
  readonly refresh_token: string
  readonly token_type: string
  readonly expires_in: number
  readonly user: {
    readonly id: number
    readonly username: string
    readonly email: string
    readonly full_name: string
    readonly avatar_url: string | null
  }
}

/**
 * Signs a user in at a running `focus dev` with the requests of a browser: start, the provider's page, callback. The page
 * asks nothing because `login_hint` names the user.
 */
export async function signIn(server: { url: string }, name: string): Promise<SignedIn> {
  const begun = await fetch(`${server.url}/api/auth/google`)
  const { authorization_url: authorizationUrl } = (await begun.json()) as { authorization_url: string }
  const start = new URL(authorizationUrl)
  start.searchParams.set('login_hint', name)
  const callback = await followTo(start, '/api/auth/google/callback')
  const answer = await fetch(callback, { headers: { accept: 'application/json' } })
  if (!answer.ok) throw new Error(`The callback answered ${answer.status}: ${await answer.text()}`)
  return (await answer.json()) as SignedIn
}

/** Follows redirects, with the cookies of each origin, until one leads to `path`; returns that redirect without following it. */
async function followTo(start: URL, path: string): Promise<URL> {
  const cookies = new Map<string, string>()
  let url = start
  for (let step = 0; step < 10; step += 1) {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const response = await fetch(url, { redirect: 'manual', headers: { accept: 'text/html', cookie } })
    for (const line of response.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      if (name !== undefined && value !== undefined) cookies.set(name, value)
    }
    const location = response.headers.get('location')
    if (location === null) throw new Error(`${url.href} answered ${response.status}: ${await response.text()}`)
    url = new URL(location, url)
    if (url.pathname === path) return url
  }
  throw new Error(`${start.href} led nowhere in ten redirects.`)
}
