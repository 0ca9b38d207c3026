import type { SingleUseStore } from '../secrets/single-use-port.ts'
import { isLoopbackUrl } from '../net/urls.ts'
import type { Runtime } from '../common/runtime.ts'
import { Sealer } from '../secrets/sealer.ts'
import { toUserKey, type UserIdCodec, type UserKey } from '../common/user-id.ts'
import { Accounts } from './accounts/accounts.ts'
import { bearerToken } from '../common/bearer.ts'
import type { AuthConfig } from './auth-config.ts'
import type { Auth } from './focus-auth.ts'
import { SessionUsers } from './sessions/session-users.ts'
import { KeyRing, rereadMs } from './keys/key-ring.ts'
import type { KeyStore } from './keys/key-store-port.ts'
import { SingleUseCodes } from './sign-in/single-use-codes.ts'
import { ProviderRegistry } from './providers/provider-registry.ts'
import { EndedSessions } from './sessions/ended-sessions.ts'
import { SessionReads } from './sessions/session-reads.ts'
import type { SessionStore } from './sessions/session-store-port.ts'
import { Sessions } from './sessions/sessions.ts'
import { IdTokens } from './sign-in/id-tokens.ts'
import { SignIn } from './sign-in/sign-in.ts'
import { AccessTokens } from './tokens/access-tokens.ts'
import { clockToleranceSeconds } from './tokens/claims.ts'
import { ExternalTokens } from './tokens/external-tokens.ts'
import { NoKeys } from './keys/no-keys.ts'
import { ownKeys, sharedSecretKeys } from './keys/fixed-keys.ts'
import type { TokenKeys } from './keys/token-keys.ts'
import { sessionRevoked } from './tokens/token-errors.ts'
import type { Principal, SessionEnd, TokenVerifier } from './ports.ts'
import type { User, UserDirectory } from './accounts/user-directory-port.ts'
import { BackgroundTasks } from '../common/async/background-tasks.ts'
import { Users } from './accounts/users.ts'

export interface AuthDependencies {
  readonly config: AuthConfig
  readonly runtime: Runtime
  readonly users: UserDirectory
  /** The application's form of ids in tokens, where it is not the directory's. */
  readonly userIds?: UserIdCodec
  readonly singleUse: SingleUseStore
  readonly sessions: SessionStore
  readonly keys: KeyStore
}

/** The auth room as routes and the composition use it; applications see `Auth`. */
export interface AuthService extends Auth {
  readonly signIn: SignIn
  readonly idTokens: IdTokens
  readonly accounts: Accounts
  readonly codes: SingleUseCodes
  readonly sessions: Sessions
  readonly users: Users
  /** Verifies access tokens: our own, or those of the issuer that the configuration names. */
  readonly tokens: TokenVerifier
  readonly keys: TokenKeys
  /**
   * Returns when an access token's session ends at the latest, in milliseconds since 1970; the end of the token itself where
   * another issuer keeps the sessions. Null once the session has ended.
   */
  sessionEndsAt(principal: Principal): Promise<number | null>
  /** Takes in a session end that another node announced; listeners hear it with `here` false. */
  noteSessionEnd(end: SessionEnd): void
  /**
   * Drops all verified tokens, so that each is verified again together with its session. Needed after the database was
   * restored: sessions may be gone, and users have other ids (S38).
   */
  forgetTokens(): void
  /** Reads keys and ended sessions, makes the first key, and starts the background work. */
  start(): Promise<void>
  close(): Promise<void>
}

const purgeIntervalMs = 60_000
const nobody: Promise<null> = Promise.resolve(null)

/** Composes the auth room. Call `start()` once the tables exist. */
export function createAuth(dependencies: AuthDependencies): AuthService {
  const { config, runtime, users: directory, singleUse } = dependencies
  const accounts = new Accounts(directory, {
    development: config.publicUrl === null || isLoopbackUrl(config.publicUrl),
  })
  const providers = new ProviderRegistry(config.tokens.kind === 'external' ? [] : config.providers, runtime)
  const keepMs = (config.accessTtlSeconds + clockToleranceSeconds) * 1_000
  const ended = new EndedSessions(dependencies.sessions, runtime, keepMs)
  const keys = tokenKeys(dependencies)
  const userId = (key: UserKey) => dependencies.userIds?.fromKey(key) ?? accounts.userId(key)
  const reads = new SessionReads(dependencies.sessions)
  const gone = new SessionUsers({ directory, endSessions: (key, reason) => sessions.endAll(key, reason) })
  const issued = new AccessTokens({
    config,
    runtime,
    keys,
    ended,
    sessions: reads,
    userId,
    admit: async ({ userKey }) => {
      if (!isThere(await gone.find(userKey))) throw sessionRevoked()
    },
  })
  const tokens =
    config.tokens.kind === 'external' ? new ExternalTokens({ settings: config.tokens, runtime, ended, userId }) : issued
  const codes = new SingleUseCodes(singleUse, runtime)
  const sessions = new Sessions({
    config,
    runtime,
    store: dependencies.sessions,
    reads,
    gone,
    tokens: issued,
    ended,
    codes,
    async holderOf(account) {
      const holder = await directory.findByAccount(account)
      return holder ? toUserKey(holder.id) : null
    },
  })
  const users = new Users(directory, sessions)
  const sealing = { sealer: new Sealer(config.secrets, runtime.random), store: singleUse, clock: runtime.clock }
  const backgroundTasks = new BackgroundTasks(runtime, [
    { name: 'ended sessions', everyMs: config.healIntervalMs, run: (last) => ended.heal(last) },
    { name: 'deleted users', everyMs: config.healIntervalMs, run: () => gone.sweep() },
    { name: 'expired sign-ins', everyMs: purgeIntervalMs, run: () => singleUse.purge(runtime.clock()) },
    { name: 'signing keys', everyMs: rereadMs, run: () => keys.maintain() },
    { name: 'old sessions', everyMs: purgeIntervalMs, run: () => sessions.purge() },
  ])
  return {
    signIn: new SignIn({ config, runtime, sealing, accounts, sessions, providers }),
    idTokens: new IdTokens({ ...sealing, providers }),
    accounts,
    codes,
    sessions,
    users,
    tokens,
    keys,
    authenticate(headers) {
      const token = bearerToken(headers)
      return token === null ? nobody : tokens.verify(token)
    },
    async userOf({ userKey }) {
      if (config.tokens.kind === 'external') return await users.ofForeignToken(userKey)
      const user = await gone.find(userKey)
      if (isThere(user)) return user
      throw sessionRevoked()
    },
    async sessionEndsAt({ sessionId, expiresAt }) {
      if (sessionId === null) return expiresAt
      if (config.tokens.kind !== 'external') return sessions.endsAt(sessionId)
      // Their sessions are in no table of ours; all we know is which of them we were told ended.
      return ended.has(sessionId) ? null : expiresAt
    },
    onSessionEnded: (listener) => ended.onEnded(listener),
    noteSessionEnd: (end) => ended.hear(end),
    forgetTokens: () => issued.forget(),
    async start() {
      await keys.start()
      await ended.load()
      backgroundTasks.start()
    },
    close: () => backgroundTasks.close(),
  }
}

function isThere(user: User | null): user is User {
  return user !== null && !user.disabled
}

function tokenKeys({ config, runtime, keys }: AuthDependencies): TokenKeys {
  switch (config.tokens.kind) {
    case 'secret':
      return sharedSecretKeys(config.tokens.secrets)
    case 'keys':
      return ownKeys(config.tokens.keys)
    case 'managed':
      return new KeyRing({ store: keys, runtime, secrets: config.secrets, accessTtlSeconds: config.accessTtlSeconds })
    case 'external':
      return new NoKeys()
  }
}
