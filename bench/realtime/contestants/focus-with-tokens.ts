import { generateKeyPairSync, randomUUID } from 'node:crypto'
import { fixedAuthConfig } from '../../../packages/core/src/auth/auth-config.ts'
import { resolveOptions } from '../../../packages/core/src/options/resolve.ts'
import { EndedSessions } from '../../../packages/core/src/auth/sessions/ended-sessions.ts'
import { SessionReads } from '../../../packages/core/src/auth/sessions/session-reads.ts'
import { AccessTokens } from '../../../packages/core/src/auth/tokens/access-tokens.ts'
import { ownKeys } from '../../../packages/core/src/auth/keys/fixed-keys.ts'
import { createOriginPolicy } from '../../../packages/core/src/net/origin-policy.ts'
import { createRuntime } from '../../../packages/core/src/common/runtime.ts'
import { openDatabase } from '../../../packages/core/src/storage/database.ts'
import { migrateToLatest } from '../../../packages/core/src/storage/migrations/migrate.ts'
import { KyselySessionStore } from '../../../packages/core/src/storage/stores/session-store.ts'
import type { Contestant } from '../contestant.ts'
import { focus } from './focus.ts'

/** The hub with access tokens of Focus (EdDSA), verified like in production, revocation included. */
export async function focusWithTokens(): Promise<Contestant> {
  const runtime = createRuntime()
  const database = await openDatabase('sqlite::memory:')
  await migrateToLatest(database)
  const { privateKey } = generateKeyPairSync('ed25519')
  const keys = ownKeys([{ ...privateKey.export({ format: 'jwk' }), kid: 'bench', alg: 'EdDSA' }])
  const store = new KyselySessionStore(database)
  const sessions = new SessionReads(store)
  const ended = new EndedSessions(store, runtime, 3_600_000)
  await ended.load()
  const config = {
    ...fixedAuthConfig,
    ...resolveOptions({}, {}).auth,
    secrets: [],
    origins: createOriginPolicy({ allowedOrigins: [], publicUrl: null }),
  }
  const admit = () => Promise.resolve()
  const tokens = new AccessTokens({ config, runtime, keys, ended, sessions, admit, userId: Number })
  async function issue(index: number): Promise<string> {
    const [sessionId, userKey, now] = [randomUUID(), String(index + 1), runtime.clock()]
    const times = { createdAt: now, lastUsedAt: now, idleExpiresAt: now + 86_400_000, expiresAt: now + 86_400_000 }
    const unused = { userAgent: null, ip: null, endedAt: null, endReason: null }
    await store.create({ id: sessionId, userKey, provider: 'bench', ...times, ...unused }, null)
    return await tokens.issue({ userKey, sessionId, ttlSeconds: 3_600, scopes: [] })
  }
  return {
    ...focus(tokens),
    tokens: (count) => Promise.all(Array.from({ length: count }, (_, index) => issue(index))),
  }
}
