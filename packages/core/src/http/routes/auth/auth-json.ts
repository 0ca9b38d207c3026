import type { Session } from '../../../auth/sessions/session-store-port.ts'
import type { TokenPair } from '../../../auth/sessions/sessions.ts'
import { accountId } from '../../../auth/accounts/account-id.ts'
import type { ExternalAccount, User } from '../../../auth/accounts/user-directory-port.ts'
import type { JsonObject } from '../../../common/json.ts'
import { isoTimestamp } from '../../../wire/iso-timestamp.ts'

/** The user as in the responses of the guide. */
export function userJson(user: User): JsonObject {
  return {
    id: user.id,
    username: user.username,
    email: user.email,
    full_name: user.fullName,
    avatar_url: user.avatarUrl,
  }
}

export function accountJson(account: ExternalAccount): JsonObject {
  const { provider, issuer, subject } = account
  return { id: accountId(account), provider, issuer, subject }
}

/** The guide's response to a sign-in; also the response to a refresh. */
export function tokenJson(pair: TokenPair): JsonObject {
  return {
    access_token: pair.accessToken,
    ...(pair.refreshToken === null ? {} : { refresh_token: pair.refreshToken }),
    token_type: 'bearer',
    expires_in: pair.expiresIn,
    user: userJson(pair.user),
  }
}

export function sessionJson(session: Session, currentId: string | null): JsonObject {
  return {
    id: session.id,
    provider: session.provider,
    user_agent: session.userAgent,
    ip: session.ip,
    created_at: isoTimestamp(session.createdAt),
    last_used_at: isoTimestamp(session.lastUsedAt),
    expires_at: isoTimestamp(Math.min(session.idleExpiresAt, session.expiresAt)),
    current: session.id === currentId,
  }
}
