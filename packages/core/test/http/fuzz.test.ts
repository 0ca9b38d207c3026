import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { temporaryFolder, removeFolder } from '@focus-api/test-kit/servers/servers'
import { silentLogger } from '../../src/common/logging/logger.ts'
import { createFocus, type Focus } from '../../src/index.ts'
import { TestIssuer } from '../auth/support/issuer.ts'
import { signInAlice } from '@focus-api/test-kit/focus/alice'
import { Dice } from '@focus-api/test-kit/values/dice'
import { heapAfterCollection } from '@focus-api/test-kit/processes/heap'
import { type Keys, nearlyARequest } from './support/fuzz-requests.ts'

/** A failure names its seed; `FUZZ_SEED=… FUZZ_REQUESTS=1000000` repeats it, or looks longer. Seeds that found a fault stay here. */
const kept = [1, 7, 20_261_129]
const fresh = Number(process.env['FUZZ_SEED'] ?? Date.now() % 1_000_000)
const total = Number(process.env['FUZZ_REQUESTS'] ?? 20_000)
/** Requests on their way at once. */
const atOnce = 16
const adminKey = 'an-admin-key-for-the-fuzzing'

let folder: string
let issuer: TestIssuer
let focus: Focus
let keys: Keys
const rejections: unknown[] = []
const note = (reason: unknown) => void rejections.push(reason)

beforeAll(async () => {
  process.on('unhandledRejection', note)
  folder = temporaryFolder('fuzz')
  issuer = await TestIssuer.start()
  focus = await createFocus({
    env: {},
    database: `sqlite:${join(folder, 'focus.db')}`,
    adminKey,
    rateLimits: false,
    logger: silentLogger,
    google: { clientId: issuer.clientId, clientSecret: issuer.clientSecret, issuer: issuer.url },
    returnTo: ['/'],
  })
})

/** Requests end sessions, disable users and use up single-use secrets, so everything is created again from time to time. */
async function freshKeys(): Promise<Keys> {
  for (const user of ['1', '2']) await asAdmin(`/admin/users/${user}/enable`)
  const session = await signInAlice(focus)
  const begun = await focus.fetch(new Request('http://localhost:8000/api/auth/google'))
  const { state }: { state: string } = await begun.json()
  return {
    adminKey,
    tokens: [session.accessToken],
    secrets: [session.accessToken, session.refreshToken ?? '', state, randomBytes(32).toString('base64url')],
  }
}

async function asAdmin(path: string): Promise<void> {
  const headers = { authorization: `Bearer ${adminKey}` }
  await focus.fetch(new Request(`http://localhost:8000/api${path}`, { method: 'POST', headers }))
}

afterAll(async () => {
  await focus.close()
  await issuer.close()
  removeFolder(folder)
  process.off('unhandledRejection', note)
})

test.each([...kept, fresh])(
  `${total} mutated requests over all routes: problems, no failure, no growth (FUZZ_SEED=%i)`,
  { timeout: 900_000 },
  async (seed) => {
    const share = Math.ceil(total / (kept.length + 1))
    const statuses = new Map<number, number>()
    let heapAtFirst = 0
    for (let first = 0; first < share; first += atOnce) {
      if (first % (16 * atOnce) === 0) keys = await freshKeys()
      const answers = await Promise.all(Array.from({ length: atOnce }, (_, each) => ask(seed, first + each)))
      for (const status of answers) statuses.set(status, (statuses.get(status) ?? 0) + 1)
      if (heapAtFirst === 0 && first >= share / 4) heapAtFirst = heapAfterCollection()
    }
    // The mutations are near enough to what is right to be served, and far enough to be refused.
    expect(statuses.get(200)).toBeGreaterThan(share / 50)
    expect(statuses.get(400)).toBeGreaterThan(share / 50)
    expect(rejections).toEqual([])
    expect(heapAfterCollection() - heapAtFirst).toBeLessThan(24_000_000)
  },
)

async function ask(seed: number, index: number): Promise<number> {
  const request = nearlyARequest(new Dice(seed * 1_000_003 + index), keys)
  const described = `FUZZ_SEED=${seed}, request ${index}: ${request.method} ${request.url}`
  const response = await focus.fetch(request, { remoteAddress: '127.0.0.1' })
  const streams = response.headers.get('content-type')?.startsWith('text/event-stream') === true
  if (streams) {
    await response.body?.cancel()
    return response.status
  }
  const text = await response.text()
  if (response.status >= 500 && response.status !== 503) throw new Error(`${described}\n${response.status}: ${text}`)
  if (response.status >= 400 && request.method !== 'HEAD') {
    const problem: { code?: unknown; status?: unknown } = JSON.parse(text)
    expect(problem, described).toMatchObject({ code: expect.any(String), status: response.status })
  }
  return response.status
}
