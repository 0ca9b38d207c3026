import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { decodeProtectedHeader } from 'jose'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { manualClock, type ManualClock } from '@focus-api/core/testing'
import { KeyRing } from '../../../src/auth/keys/key-ring.ts'
import { createRuntime } from '../../../src/common/runtime.ts'
import { openDatabase } from '../../../src/storage/database.ts'
import { KyselyKeyStore } from '../../../src/storage/stores/signing-key-store.ts'
import { type App, secret, startApp } from '../support/app.ts'
import { describeOverDatabases } from '@focus-api/test-kit/databases/matrix'
import { signIn } from '../support/flow.ts'
import { googleAt } from '../support/google.ts'
import { sharedIssuer } from '../support/shared.ts'

const run = promisify(execFile)

const issuer = await sharedIssuer()

describeOverDatabases('The key ring', (databases) => {
  let url: string
  let clock: ManualClock
  let app: App

  beforeEach(async () => {
    clock = manualClock()
    issuer.clock = clock
    url = await databases.empty()
    app = await startNode()
  })

  afterEach(async () => {
    await app.close()
  })

  async function startNode(secrets: readonly string[] = [secret]): Promise<App> {
    return await startApp({
      database: url,
      runtime: { clock },
      config: { providers: [googleAt(issuer)], secrets },
    })
  }

  const published = async (node: App = app) => {
    const response = await node.request('/auth/jwks.json')
    expect(response.headers.get('cache-control')).toBe('public, max-age=300')
    const { keys } = (await response.json()) as { keys: { kid: string; d?: string; alg: string; kty: string }[] }
    return keys
  }
  const kidOf = (token: string) => decodeProtectedHeader(token).kid
  const statusOf = async (token: string, node: App = app) => (await node.request('/auth/me', { bearer: token })).status

  test('publishes public halves only', async () => {
    expect(await published()).toEqual([
      { kid: expect.any(String), alg: 'EdDSA', kty: 'OKP', crv: 'Ed25519', use: 'sig', x: expect.any(String) },
    ])
  })

  test('S20 four processes that start at once on one new database end with one key', { timeout: 60_000 }, async () => {
    const fresh = await databases.create()
    const script = join(import.meta.dirname, '../support/cold-start.ts')
    const starts = Array.from({ length: 4 }, () =>
      run(process.execPath, ['--conditions=@focus-api/source', '--no-warnings', script, fresh, secret]),
    )
    const answers = (await Promise.all(starts)).map(({ stdout }) => stdout)
    expect(new Set(answers).size).toBe(1)
    expect(JSON.parse(answers[0] ?? '')).toHaveLength(1)
  })

  test('S20 a new key is published before it signs, and the old one after it has signed', async () => {
    const [old] = await published()
    const before = (await signIn(app, issuer)).access_token
    const next = await app.auth.keys.rotate()
    expect((await published()).map((key) => key.kid)).toEqual([old?.kid, next.kid])
    expect(kidOf((await signIn(app, issuer)).access_token)).toBe(old?.kid)

    // Every copy of the published keys is at most five minutes old, and every node's half a minute.
    clock.advance(300_000 + 30_000)
    const lastOfOld = before
    const firstOfNew = (await signIn(app, issuer)).access_token
    expect(kidOf(firstOfNew)).toBe(next.kid)
    expect(await statusOf(lastOfOld)).toBe(200)

    clock.advance(3_600_000 + 299_000)
    expect((await published()).map((key) => key.kid)).toContain(old?.kid)
    clock.advance(1_000)
    await app.auth.keys.maintain()
    expect((await published()).map((key) => key.kid)).toEqual([next.kid])
  })

  test('S20 other nodes follow a rotation without a message', async () => {
    const other = await startNode()
    const next = await app.auth.keys.rotate()
    clock.advance(330_000)
    const { access_token: token } = await signIn(app, issuer)
    expect(kidOf(token)).toBe(next.kid)
    expect(await statusOf(token, other)).toBe(200)
    await other.close()
  })

  test('S20 two nodes that rotate at once make one key', async () => {
    const other = await startNode()
    await Promise.all([app.auth.keys.rotate(), other.auth.keys.rotate()])
    expect(await published()).toHaveLength(2)
    await other.close()
  })

  test('S20 a rotation at once that another node comes before is done again', async () => {
    /** Lets a scheduled rotation of another node commit between the reading of the ring and the adding of a key. */
    class OvertakenStore extends KyselyKeyStore {
      overtake: (() => Promise<unknown>) | null = null

      override async add(...args: Parameters<KyselyKeyStore['add']>): Promise<boolean> {
        const overtake = this.overtake
        this.overtake = null
        await overtake?.()
        return await super.add(...args)
      }
    }
    const exposed = (await published())[0]?.kid
    const database = await openDatabase(url)
    const store = new OvertakenStore(database)
    const runtime = createRuntime({ clock })
    const ring = new KeyRing({ store, runtime, secrets: [secret], accessTtlSeconds: 900 })
    await ring.start()
    let scheduled: string | undefined
    store.overtake = async () => (scheduled = (await app.auth.keys.rotate()).kid)
    const next = await ring.rotate({ immediately: true })
    expect(next).toMatchObject({ state: 'active' })
    expect((await ring.jwks()).keys.map(({ kid }) => kid)).toEqual([next.kid])
    expect([exposed, scheduled]).not.toContain(next.kid)
    await database.close()
  })

  test('S20 a key that may be known to others is replaced at once, and its tokens die', async () => {
    const { access_token: before } = await signIn(app, issuer)
    expect(await statusOf(before)).toBe(200)
    const next = await app.auth.keys.rotate({ immediately: true })
    expect(await statusOf(before)).toBe(401)
    expect(kidOf((await signIn(app, issuer)).access_token)).toBe(next.kid)
    await app.auth.keys.rotate()
    expect(await published()).toHaveLength(2)
  })

  test('S20 a key that has signed for ninety days is replaced', async () => {
    clock.advance(91 * 86_400_000)
    await app.auth.keys.maintain()
    expect(await published()).toHaveLength(2)
    await app.auth.keys.maintain()
    expect(await published()).toHaveLength(2)
  })

  test('S20 private keys are encrypted at rest with FOCUS_SECRET', async () => {
    const [row] = await app.database.db.selectFrom('focus_signing_keys').selectAll().execute()
    expect(row?.private_sealed).toMatch(/^v1\./)
    expect(JSON.stringify(row)).not.toMatch(/PRIVATE KEY|"d"/)
    await expect(startNode(['another secret that is long enough as well'])).rejects.toMatchObject({
      code: 'invalid_option',
      hint: expect.stringContaining('FOCUS_SECRET=new,old'),
    })
  })

  test('S32 FOCUS_SECRET=new,old moves to the new secret', async () => {
    const { access_token: token } = await signIn(app, issuer)
    const renewed = 'the new secret, which is long enough too'
    const moving = await startNode([renewed, secret])
    await moving.close()
    const moved = await startNode([renewed])
    expect(await statusOf(token, moved)).toBe(200)
    expect(kidOf((await signIn(moved, issuer)).access_token)).toBe(kidOf(token))
    await moved.close()
  })

  test('S32 a node with only the old secret verifies tokens of a key that the new one sealed', async () => {
    await signIn(app, issuer)
    const renewed = await startNode(['the new secret, which is long enough too', secret])
    await renewed.auth.keys.rotate({ immediately: true })
    await app.auth.keys.refresh()
    // The first token of a key is verified in another way than later ones.
    for (let token = 0; token < 3; token += 1) {
      expect(await statusOf((await signIn(renewed, issuer)).access_token)).toBe(200)
    }
    await renewed.close()
  })

  test('operators see the state of each key', async () => {
    const admin = { authorization: 'Bearer admin-key-of-the-tests' }
    // Taken for no, it would leave an operator believe that the key that leaked is worthless.
    const vague = { method: 'POST', headers: admin, body: { immediately: 'yes' } }
    expect((await app.request('/admin/keys/rotate', vague)).status).toBe(400)
    const rotated = await app.request('/admin/keys/rotate', { method: 'POST', headers: admin })
    expect(rotated.status).toBe(201)
    expect(await rotated.json()).toMatchObject({ state: 'next', alg: 'EdDSA', retires_at: null })
    const list = (await (await app.request('/admin/keys', { headers: admin })).json()) as { keys: { state: string }[] }
    expect(list.keys.map((key) => key.state)).toEqual(['active', 'next'])
    clock.advance(330_000)
    const later = (await (await app.request('/admin/keys', { headers: admin })).json()) as { keys: { state: string }[] }
    expect(later.keys.map((key) => key.state)).toEqual(['retiring', 'active'])
  })
})
