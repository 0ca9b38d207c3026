import { FocusError } from '../../common/errors.ts'
import { toUserKey, type UserKey } from '../../common/user-id.ts'
import type { Principal, TokenVerifier } from '../ports.ts'
import type { Sessions, TokenPair } from './sessions.ts'

/** Tokens that a request carries. */
export interface SessionCredentials {
  readonly accessToken: string | null
  readonly refreshTokens: readonly string[]
}

/** A session that a request has proven to be its own. */
export interface ProvenSession {
  readonly userKey: UserKey
  /** Null for a token of another issuer that names no session. */
  readonly sessionId: string | null
  /** Whether the proof is a refresh token that was used long ago, which proves only its own session (S22). */
  readonly spent: boolean
}

export interface ProvenSessionsResult {
  readonly sessions: readonly ProvenSession[]
  /** The error of an access token that proves nothing; null when it is valid or absent. */
  readonly refusal: FocusError | null
}

/** Finds the sessions that a request proves, by its access token and by its refresh tokens. Invalid tokens prove nothing. */
export class ProvenSessions {
  readonly #verifier: TokenVerifier
  readonly #sessions: Pick<Sessions, 'ofRefreshToken' | 'end'>

  constructor(verifier: TokenVerifier, sessions: Pick<Sessions, 'ofRefreshToken' | 'end'>) {
    this.#verifier = verifier
    this.#sessions = sessions
  }

  async of({ accessToken, refreshTokens }: SessionCredentials): Promise<ProvenSessionsResult> {
    const verified = accessToken === null ? null : await this.#verify(accessToken)
    const refusal = verified instanceof FocusError ? verified : null
    const sessions: ProvenSession[] =
      verified === null || verified instanceof FocusError ? [] : [{ ...verified, spent: false }]
    for (const refreshToken of refreshTokens) {
      const session = await this.#sessions.ofRefreshToken(refreshToken)
      if (session) sessions.push({ userKey: session.userKey, sessionId: session.id, spent: session.spent })
    }
    return { sessions, refusal }
  }

  /** Ends the sessions of the same user that a new session of the same browser replaces. */
  async endReplaced(credentials: SessionCredentials, { sessionId: current, user }: TokenPair): Promise<void> {
    const { sessions } = await this.of(credentials)
    for (const { userKey, sessionId } of sessions) {
      if (userKey !== toUserKey(user.id) || sessionId === null || sessionId === current) continue
      await this.#sessions.end(sessionId, 'replaced', userKey)
    }
  }

  async #verify(accessToken: string): Promise<Principal | FocusError> {
    try {
      return await this.#verifier.verify(accessToken)
    } catch (error) {
      if (error instanceof FocusError && error.status === 401) return error
      throw error
    }
  }
}
