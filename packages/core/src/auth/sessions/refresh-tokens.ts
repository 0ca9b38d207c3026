import { FocusError } from '../../common/errors.ts'
import { sha256Hex } from '../../common/hashing.ts'
import type { Runtime } from '../../common/runtime.ts'
import { newSecret } from '../../secrets/new-secret.ts'
import { seal, unseal } from '../../secrets/seal.ts'
import type { AuthConfig } from '../auth-config.ts'
import type { SessionEnder } from './session-ender.ts'
import type { RefreshToken, Session, SessionStore } from './session-store-port.ts'
import type { ClientInfo } from './client-info.ts'

/** How long a used refresh token still returns its successor: tabs race, and responses get lost (S22). */
export const rotationGraceMs = 30_000

const successorContext = 'refresh-token-successor'

export interface RefreshTokensDependencies {
  readonly config: Pick<AuthConfig, 'idleTtlSeconds'>
  readonly runtime: Runtime
  readonly store: Pick<SessionStore, 'findByRefreshHash' | 'rotate'>
  readonly ender: Pick<SessionEnder, 'endKnown'>
}

/** A refresh token of an active session, as found in the database. */
export interface FoundRefreshToken {
  /** The token itself. */
  readonly text: string
  readonly token: RefreshToken
  readonly session: Session
  /** When the token was looked up, in milliseconds since 1970. */
  readonly now: number
}

/** Refresh tokens, which work once: each use replaces the token by its successor (RFC 9700 §4.14.2). */
export class RefreshTokens {
  readonly #deps: RefreshTokensDependencies

  constructor(dependencies: RefreshTokensDependencies) {
    this.#deps = dependencies
  }

  /** Returns the token with its session; null when the token is unknown or its session has ended. */
  async find(text: string): Promise<FoundRefreshToken | null> {
    const found = await this.#deps.store.findByRefreshHash(sha256Hex(text))
    const now = this.#deps.runtime.clock()
    if (!found || found.session.endedAt !== null || now >= found.session.idleExpiresAt) return null
    return { ...found, text, now }
  }

  /** Returns whether a token was used and its grace is over; such a token only proves its own session (S22). */
  isSpent({ token, now }: FoundRefreshToken): boolean {
    return token.rotatedAt !== null && now - token.rotatedAt > rotationGraceMs
  }

  /**
   * Uses a token up. Within the grace, a used token returns the same successor while that is unused; later it ends the
   * session (S22).
   *
   * @throws FocusError `invalid_grant`
   */
  async successorOf(found: FoundRefreshToken, client: ClientInfo): Promise<string> {
    return found.token.rotatedAt === null
      ? await this.#rotate(found, client)
      : await this.#successorOfUsed(found.text, found.token.hash)
  }

  async #rotate({ text, token, session, now }: FoundRefreshToken, client: ClientInfo): Promise<string> {
    const { config, runtime, store } = this.#deps
    const successor = newSecret(runtime.random)
    const rotated = await store.rotate({
      hash: token.hash,
      successorHash: sha256Hex(successor),
      successorSealed: seal(successor, text, successorContext, runtime.random),
      session,
      userAgent: client.userAgent?.slice(0, 512) ?? session.userAgent,
      ip: client.ip?.slice(0, 64) ?? session.ip,
      now,
      idleExpiresAt: Math.min(session.expiresAt, now + config.idleTtlSeconds * 1_000),
    })
    // A concurrent request of another tab won, and left the successor sealed under this token.
    return rotated ? successor : await this.#successorOfUsed(text, token.hash)
  }

  async #successorOfUsed(text: string, hash: string): Promise<string> {
    const { runtime, store, ender } = this.#deps
    const found = await store.findByRefreshHash(hash)
    if (!found || found.session.endedAt !== null) throw invalidRefreshToken()
    const { rotatedAt, successorSealed } = found.token
    const inGrace = rotatedAt !== null && runtime.clock() - rotatedAt <= rotationGraceMs
    const successor = inGrace && successorSealed !== null ? unseal(successorSealed, [text], successorContext) : null
    if (successor !== null) return successor
    await ender.endKnown(found.session.id, 'reuse')
    runtime.logger.warn('A used refresh token was presented again; its session was ended', {
      session: found.session.id,
      user: found.session.userKey,
    })
    throw invalidRefreshToken()
  }
}

export function invalidRefreshToken(): FocusError {
  return new FocusError('invalid_grant', 'The refresh token is unknown, used, expired or revoked.', {
    hint: 'Sign in again.',
  })
}
