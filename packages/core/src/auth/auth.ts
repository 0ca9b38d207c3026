import { isLoopbackUrl } from '../net/urls.ts'
import { BackgroundTasks } from '../common/async/background-tasks.ts'
import { bearerToken } from '../common/bearer.ts'
import type { Runtime } from '../common/runtime.ts'
import type { UserIdCodec, UserKey } from '../common/user-id.ts'
import { Sealer } from '../secrets/sealer.ts'
import type { SingleUseStore } from '../secrets/single-use-port.ts'
import { Accounts } from './accounts/accounts.ts'
import type { User, UserDirectory } from './accounts/user-directory-port.ts'
import { Users } from './accounts/users.ts'
import type { AuthConfig } from './auth-config.ts'
import type { Auth } from './focus-auth.ts'
import { ownKeys, sharedSecretKeys } from './keys/fixed-keys.ts'
import { KeyRing, rereadMs } from './keys/key-ring.ts'
import type { KeyStore } from './keys/key-store-port.ts'
import { NoKeys } from './keys/no-keys.ts'
import type { TokenKeys } from './keys/token-keys.ts'
import type { Principal, SessionEnd, TokenVerifier } from './ports.ts'
import { ProviderRegistry } from './providers/provider-registry.ts'
import { EndedSessions } from './sessions/ended-sessions.ts'
import { ProvenSessions } from './sessions/proven-sessions.ts'
import { SessionEnder } from './sessions/session-ender.ts'
import { SessionReads } from './sessions/session-reads.ts'
import type { SessionStore } from './sessions/session-store-port.ts'
import { SessionUsers } from './sessions/session-users.ts'
import { Sessions } from './sessions/sessions.ts'
import { Flows } from './sign-in/flows.ts'
import { IdTokens } from './sign-in/id-tokens.ts'
import { SignIn } from './sign-in/sign-in.ts'
import { SingleUseCodes } from './sign-in/single-use-codes.ts'
import { AccessTokens } from './tokens/access-tokens.ts'
import { clockToleranceSeconds } from './tokens/claims.ts'
import { ExternalTokens } from './tokens/external-tokens.ts'
import { sessionRevoked } from './tokens/token-errors.ts'

export interface AuthDependencies {
  readonly config: AuthConfig
  readonly runtime: Runtime
  readonly users: UserDirectory
  /** The form of user ids in the application, if it differs from that of the directory. */
  readonly userIds?: UserIdCodec
  readonly singleUse: SingleUseStore
  readonly sessions: SessionStore
  readonly keys: KeyStore
}

/** The auth room as routes and the composition use it; applications see `Auth`. */
export interface AuthService extends Auth {
  readonly signIn: SignIn
  readonly accounts: Accounts
  readonly sessions: Sessions
  readonly provenSessions: ProvenSessions
  readonly users: Users
  /** Verifies access tokens: our own, or those of the issuer that the configuration names. */
  readonly tokens: TokenVerifier
  readonly keys: TokenKeys
  /**
   * Returns when an access token's session ends at the latest, in milliseconds since 1970; the end of the token itself where
   * another issuer keeps the sessions. Null once the session has ended.
   */
  sessionEndsAt(principal: Principal): Promise<number | null>
  /** Calls `listener` after this node changed the signing keys. */
  onKeysChanged(listener: () => void): void
  /** Reads the signing keys that another node changed. */
  refreshKeys(): Promise<void>
  /** Records a session end that another node announced; listeners receive it with `here` false. */
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
const noPrincipal: Promise<null> = Promise.resolve(null)

/** Composes the auth room. Call `start()` once the tables exist. */
export function createAuth(dependencies: AuthDependencies): AuthService {
  const { config, runtime, singleUse } = dependencies
  const parts = composeSessions(dependencies)
  const { accounts, sessions, users, sessionUsers, ended, keys, issued, tokens } = parts
  const provenSessions = new ProvenSessions(tokens, sessions)
  const background = new BackgroundTasks(runtime, [
    { name: 'ended sessions', everyMs: config.healIntervalMs, run: (lastRunAt) => ended.heal(lastRunAt) },
    { name: 'deleted users', everyMs: config.healIntervalMs, run: () => sessionUsers.sweep() },
    { name: 'expired sign-ins', everyMs: purgeIntervalMs, run: () => singleUse.purge(runtime.clock()) },
    { name: 'signing keys of other nodes', everyMs: config.healIntervalMs, run: () => keys.refresh() },
    { name: 'signing keys', everyMs: rereadMs, run: () => keys.maintain() },
    { name: 'old sessions', everyMs: purgeIntervalMs, run: () => sessions.purge() },
  ])
  const isExternal = config.tokens.kind === 'external'
  return {
    signIn: createSignIn(dependencies, parts, provenSessions),
    accounts,
    sessions,
    provenSessions,
    users,
    tokens,
    keys,
    authenticate(headers) {
      const token = bearerToken(headers)
      return token === null ? noPrincipal : tokens.verify(token)
    },
    async userOf({ userKey }) {
      if (isExternal) return await users.ofForeignToken(userKey)
      const user = await sessionUsers.find(userKey)
      if (isActive(user)) return user
      throw sessionRevoked()
    },
    async sessionEndsAt({ sessionId, expiresAt }) {
      if (sessionId === null) return expiresAt
      if (!isExternal) return sessions.endsAt(sessionId)
      // Sessions of another issuer are not in our tables; only announced ends are known.
      return ended.has(sessionId) ? null : expiresAt
    },
    onSessionEnded: (listener) => ended.onEnded(listener),
    onKeysChanged: (listener) => keys.onChanged(listener),
    refreshKeys: () => keys.refresh(),
    noteSessionEnd: (end) => ended.hear(end),
    forgetTokens: () => issued.forget(),
    async start() {
      await keys.start()
      await ended.load()
      background.start()
    },
    close: () => background.close(),
  }
}

type SessionParts = ReturnType<typeof composeSessions>

/** Accounts, sessions and access tokens, which need each other. */
function composeSessions(dependencies: AuthDependencies) {
  const { config, runtime, users: directory, sessions: store } = dependencies
  const accounts = new Accounts(directory, {
    development: config.publicUrl === null || isLoopbackUrl(config.publicUrl),
  })
  const keys = tokenKeys(dependencies)
  const codes = new SingleUseCodes(dependencies.singleUse, runtime)
  const ended = new EndedSessions(store, runtime, (config.accessTtlSeconds + clockToleranceSeconds) * 1_000)
  const reads = new SessionReads(store)
  const ender = new SessionEnder({ store, reads, ended, codes, runtime })
  const sessionUsers = new SessionUsers({ directory, endSessions: (key, reason) => ender.endAll(key, reason) })
  const userId = (key: UserKey) => dependencies.userIds?.fromKey(key) ?? accounts.userId(key)
  const admit = async ({ userKey }: Principal) => {
    if (!isActive(await sessionUsers.find(userKey))) throw sessionRevoked()
  }
  const issued = new AccessTokens({ config, runtime, keys, ended, sessions: reads, userId, admit })
  const tokens: TokenVerifier =
    config.tokens.kind === 'external' ? new ExternalTokens({ settings: config.tokens, runtime, ended, userId }) : issued
  const sessions = new Sessions({
    config,
    runtime,
    store,
    reads,
    users: sessionUsers,
    directory,
    tokens: issued,
    ender,
  })
  return { accounts, keys, codes, ended, sessionUsers, issued, tokens, sessions, users: new Users(directory, sessions) }
}

function createSignIn(
  { config, runtime, singleUse: store }: AuthDependencies,
  { accounts, users, sessions, codes, tokens: verifier }: SessionParts,
  proven: ProvenSessions,
): SignIn {
  const providers = new ProviderRegistry(config.tokens.kind === 'external' ? [] : config.providers, runtime)
  const sealing = { sealer: new Sealer(config.secrets, runtime.random), store, clock: runtime.clock }
  return new SignIn({
    config,
    runtime,
    flows: new Flows(config, sealing),
    idTokens: new IdTokens({ ...sealing, providers }),
    codes,
    accounts,
    users,
    sessions,
    proven,
    verifier,
    providers,
  })
}

function isActive(user: User | null): user is User {
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
