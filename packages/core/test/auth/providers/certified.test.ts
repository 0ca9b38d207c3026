import { afterAll, beforeAll, expect, test } from 'vitest'
import { oidc } from '../../../src/auth/providers/oidc.ts'
import { type App, startApp } from '../support/app.ts'
import { CertifiedIssuer, certifiedClientId as clientId } from '../support/certified.ts'
import { describeOverDatabases } from '@focus-api/test-kit/databases/matrix'
import { startByFetch, pathOf, type TokenAnswer } from '../support/flow.ts'

const clientSecret = 'certified-client-secret-of-the-tests'

describeOverDatabases('With the certified oidc-provider', (databases) => {
  const issuer = new CertifiedIssuer({ client_secret: clientSecret, token_endpoint_auth_method: 'client_secret_post' })
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
    const { authorization_url: url } = await startByFetch(app, 'certified', `?login_hint=${person}`)
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

  test('one hundred concurrent sign-ins of one person create one user', { timeout: 60_000 }, async () => {
    const answers = await Promise.all(Array.from({ length: 100 }, () => signInAs('carol')))
    expect(new Set(answers.map((answer) => answer.user.id)).size).toBe(1)
  })

  test('one hundred concurrent sign-ins of one hundred people create one hundred users', {
    timeout: 60_000,
  }, async () => {
    const answers = await Promise.all(Array.from({ length: 100 }, (_, number) => signInAs(`p${number}`)))
    expect(new Set(answers.map((answer) => answer.user.id)).size).toBe(100)
  })
})
