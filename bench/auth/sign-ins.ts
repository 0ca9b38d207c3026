import { createFocus } from '@focus-api/core'
import * as openid from 'openid-client'
import type { Contestant } from './contestant.ts'
import { client, startProvider } from './provider.ts'

/**
 * A complete sign-in with the certified provider in the same process: the code flow of openid-client alone, and the sign-in
 * of Focus with its user, session, tokens and rows.
 */
export async function signInContestants(): Promise<readonly Contestant[]> {
  const provider = await startProvider()
  const configuration = await openid.discovery(new URL(provider.issuer), client.id, client.secret, undefined, {
    execute: [openid.allowInsecureRequests],
  })
  openid.enableNonRepudiationChecks(configuration)
  const focus = await createFocus({
    env: {},
    database: 'sqlite::memory:',
    rateLimits: false,
    google: {
      clientId: client.id,
      clientSecret: client.secret,
      redirectUri: client.redirectUri,
      issuer: provider.issuer,
    },
  })

  async function bare(): Promise<void> {
    const codeVerifier = openid.randomPKCECodeVerifier()
    const [state, nonce] = [openid.randomState(), openid.randomNonce()]
    const url = openid.buildAuthorizationUrl(configuration, {
      redirect_uri: client.redirectUri,
      scope: 'openid email profile',
      code_challenge: await openid.calculatePKCECodeChallenge(codeVerifier),
      code_challenge_method: 'S256',
      state,
      nonce,
    })
    await openid.authorizationCodeGrant(configuration, await provider.authorize(url.href), {
      pkceCodeVerifier: codeVerifier,
      expectedState: state,
      expectedNonce: nonce,
    })
  }

  async function ours(): Promise<void> {
    const started = await focus.fetch(new Request('http://localhost:8000/api/auth/google'))
    const { authorization_url: url } = (await started.json()) as { authorization_url: string }
    const ended = await focus.fetch(new Request(await provider.authorize(url)))
    if (ended.status !== 200) throw new Error(`The callback answered ${ended.status}: ${await ended.text()}`)
  }

  return [
    { name: 'openid-client alone', run: bare, close: () => provider.close() },
    { name: 'focus', run: ours, close: () => focus.close() },
  ]
}
