import type { IncomingHttpHeaders } from 'node:http'
import type { OneTimeStore } from '../one-time.ts'
import type { Runtime } from '../runtime.ts'
import { Accounts } from './accounts.ts'
import { bearerToken } from './bearer.ts'
import type { AuthConfig } from './config.ts'
import { KeyRing } from './keys/key-ring.ts'
import type { KeyStore } from './keys/key-store.ts'
import { OneTimeCodes } from './one-time-codes.ts'
import { EndedSessions, type SessionEndListener } from './sessions/ended-sessions.ts'
import type { SessionStore } from './sessions/session-store.ts'
import { Sessions } from './sessions/sessions.ts'
import { SignIn } from './sign-in/sign-in.ts'
import { AccessTokens, clockToleranceSeconds } from './tokens/access-tokens.ts'
import type { Principal, SessionEnd, UserDirectory } from './types.ts'
import { Upkeep } from './upkeep.ts'
import { Users } from './users.ts'

export interface AuthDependencies {
  readonly config: AuthConfig
  readonly runtime: Runtime
  readonly users: UserDirectory
  readonly oneTime: OneTimeStore
  readonly sessions: SessionStore
  readonly keys: KeyStore
}

/** Who people are: sign-in, accounts, sessions and tokens of one Focus. */
export interface Auth {
  readonly signIn: SignIn
  readonly accounts: Accounts
  readonly codes: OneTimeCodes
  readonly sessions: Sessions
  readonly users: Users
  readonly tokens: AccessTokens
  readonly keys: KeyRing
  /**
   * Whom a request speaks for: null without a bearer token. The cheap path of every protected route: it reads one header and,
   * for a token seen before, asks nobody.
   *
   * @throws FocusError `invalid_token`, `token_expired`, `session_revoked`
   */
  authenticate(headers: IncomingHttpHeaders | Headers): Promise<Principal | null>
  /**
   * Called once for every session that ends, wherever it ended; `noteSessionEnd` is how other nodes' ends come in early.
   *
   * @returns what takes the listener away
   */
  onSessionEnded(listener: SessionEndListener): () => void
  noteSessionEnd(end: SessionEnd): void
  /** Reads keys and ended sessions, makes the first key, and begins the background work. */
  start(): Promise<void>
  close(): Promise<void>
}

const purgeIntervalMs = 60_000

/** Puts the room together; `start()` it once the tables are there. */
export function createAuth(dependencies: AuthDependencies): Auth {
  const { config, runtime, users: directory, oneTime } = dependencies
  const accounts = new Accounts(directory)
  const keepMs = (config.accessTtlSeconds + clockToleranceSeconds) * 1_000
  const ended = new EndedSessions(dependencies.sessions, runtime, keepMs)
  const keys = new KeyRing({
    store: dependencies.keys,
    runtime,
    secrets: config.secrets,
    accessTtlSeconds: config.accessTtlSeconds,
  })
  const tokens = new AccessTokens({ config, runtime, keys, ended, userId: (key) => accounts.userId(key) })
  const sessions = new Sessions({ config, runtime, store: dependencies.sessions, users: directory, tokens, ended })
  const upkeep = new Upkeep(runtime, [
    { name: 'ended sessions', everyMs: config.healIntervalMs, run: (last) => ended.heal(last) },
    { name: 'expired sign-ins', everyMs: purgeIntervalMs, run: () => oneTime.purge(runtime.clock()) },
    { name: 'old sessions', everyMs: purgeIntervalMs, run: () => sessions.purge() },
  ])
  return {
    signIn: new SignIn({ config, runtime, flows: oneTime, accounts }),
    accounts,
    codes: new OneTimeCodes(oneTime, runtime),
    sessions,
    users: new Users(directory, sessions),
    tokens,
    keys,
    async authenticate(headers) {
      const token = bearerToken(headers)
      return token === null ? null : await tokens.verify(token)
    },
    onSessionEnded: (listener) => ended.onEnded(listener),
    noteSessionEnd: (end) => ended.add(end),
    async start() {
      await keys.start()
      await ended.load()
      upkeep.start()
    },
    close: () => upkeep.close(),
  }
}
