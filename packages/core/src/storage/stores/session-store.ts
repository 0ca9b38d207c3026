import type { Selectable } from 'kysely'
import type {
  RefreshToken,
  Rotation,
  Session,
  SessionSelection,
  SessionStore,
} from '../../auth/sessions/session-store-port.ts'
import type { SessionEnd } from '../../auth/ports.ts'
import type { UserKey } from '../../common/user-id.ts'
import type { Database } from '../database.ts'
import { lockRows } from '../dialect-statements.ts'
import { KeyedQuery } from '../keyed-query.ts'
import type { SessionsTable } from '../tables.ts'
import { inTransaction } from '../transaction.ts'

/** Sessions that one call ends. */
const chunkSize = 500

/** `SessionStore` over `focus_sessions` and `focus_refresh_tokens`. */
export class KyselySessionStore implements SessionStore {
  readonly #database: Database
  readonly #db: Database['db']
  readonly #byId: KeyedQuery<string, Selectable<SessionsTable>>

  constructor(database: Database) {
    this.#database = database
    this.#db = database.db
    this.#byId = new KeyedQuery(database.db, (ids) =>
      database.db.selectFrom('focus_sessions').selectAll().where('id', 'in', ids),
    )
  }

  async create(session: Session, refreshHash: string | null, accountId: string | null = null): Promise<void> {
    await inTransaction(this.#database, async (trx) => {
      await trx.insertInto('focus_sessions').values(toRow(session)).execute()
      if (accountId !== null) {
        await trx
          .insertInto('focus_session_accounts')
          .values({ session_id: session.id, account_id: accountId })
          .execute()
      }
      if (refreshHash === null) return
      await trx
        .insertInto('focus_refresh_tokens')
        .values(newToken(refreshHash, session.id, session.createdAt))
        .execute()
    })
  }

  async find(ids: readonly string[]): Promise<Session[]> {
    return (await this.#byId.rows(ids)).map(toSession)
  }

  async findByRefreshHash(hash: string): Promise<{ token: RefreshToken; session: Session } | null> {
    const token = await this.#db
      .selectFrom('focus_refresh_tokens')
      .selectAll()
      .where('token_hash', '=', hash)
      .executeTakeFirst()
    const [session] = token ? await this.find([token.session_id]) : []
    if (!token || !session) return null
    const { session_id: sessionId, rotated_at: rotatedAt, successor_sealed: successorSealed } = token
    return { token: { hash, sessionId, rotatedAt, successorSealed }, session }
  }

  async rotate(rotation: Rotation): Promise<boolean> {
    const { hash, successorHash, successorSealed, session, now } = rotation
    return await inTransaction(this.#database, async (trx) => {
      const { numUpdatedRows } = await trx
        .updateTable('focus_refresh_tokens')
        .set({ rotated_at: now, successor_hash: successorHash, successor_sealed: successorSealed })
        .where('token_hash', '=', hash)
        .where('rotated_at', 'is', null)
        .executeTakeFirst()
      if (numUpdatedRows !== 1n) return false
      await trx
        .insertInto('focus_refresh_tokens')
        .values(newToken(successorHash, session.id, now))
        .execute()
      // The token is in use, so the grace period of its predecessor ends (S22).
      await trx
        .updateTable('focus_refresh_tokens')
        .set({ successor_sealed: null })
        .where('successor_hash', '=', hash)
        .execute()
      await trx
        .updateTable('focus_sessions')
        .set({
          last_used_at: now,
          idle_expires_at: rotation.idleExpiresAt,
          user_agent: rotation.userAgent,
          ip: rotation.ip,
        })
        .where('id', '=', session.id)
        .execute()
      return true
    })
  }

  async listActive(userKey: UserKey, now: number): Promise<Session[]> {
    const rows = await this.#db
      .selectFrom('focus_sessions')
      .selectAll()
      .where('user_key', '=', userKey)
      .where('ended_at', 'is', null)
      .where('idle_expires_at', '>', now)
      .where('expires_at', '>', now)
      .orderBy('last_used_at', 'desc')
      .execute()
    return rows.map(toSession)
  }

  async end(which: SessionSelection, reason: SessionEnd['reason'], now: number): Promise<SessionEnd[]> {
    return await inTransaction(this.#database, async (trx) => {
      const open = trx.selectFrom('focus_sessions').select(['id', 'user_key']).where('ended_at', 'is', null)
      const selected = (
        'id' in which
          ? open.where('id', '=', which.id)
          : open
              .where('user_key', '=', which.userKey)
              .$if(which.accountId !== undefined, (query) =>
                query.where('id', 'in', this.#startedWith(which.accountId)),
              )
      ).limit(chunkSize)
      // Under a lock: the second of two simultaneous calls sees the result of the first.
      const sessions = await lockRows(this.#database, selected).execute()
      if (sessions.length === 0) return []
      const ids = sessions.map(({ id }) => id)
      await trx
        .updateTable('focus_sessions')
        .set({ ended_at: now, end_reason: reason })
        .where('id', 'in', ids)
        .execute()
      return sessions.map(({ id, user_key: userKey }) => ({ userKey, sessionId: id, reason }))
    })
  }

  #startedWith(accountId = '') {
    return this.#db.selectFrom('focus_session_accounts').select('session_id').where('account_id', '=', accountId)
  }

  async endedAfter(time: number): Promise<(SessionEnd & { endedAt: number })[]> {
    const rows = await this.#db
      .selectFrom('focus_sessions')
      .select(['id', 'user_key', 'ended_at', 'end_reason'])
      .where('ended_at', '>', time)
      .execute()
    return rows.map((row) => ({
      userKey: row.user_key,
      sessionId: row.id,
      reason: toReason(row.end_reason) ?? 'revoked',
      endedAt: Number(row.ended_at),
    }))
  }

  async purge({
    graceEndedBefore,
    goneBefore,
  }: {
    readonly graceEndedBefore: number
    readonly goneBefore: number
  }): Promise<void> {
    const { db } = this.#database.withoutTimeLimit()
    await db
      .updateTable('focus_refresh_tokens')
      .set({ successor_sealed: null })
      .where('rotated_at', '<', graceEndedBefore)
      .where('successor_sealed', 'is not', null)
      .execute()
    const gone = await db
      .selectFrom('focus_sessions')
      .select('id')
      .where((eb) => eb.or([eb('expires_at', '<', goneBefore), eb('ended_at', '<', goneBefore)]))
      .limit(500)
      .execute()
    if (gone.length === 0) return
    const ids = gone.map(({ id }) => id)
    await db.deleteFrom('focus_refresh_tokens').where('session_id', 'in', ids).execute()
    await db.deleteFrom('focus_session_accounts').where('session_id', 'in', ids).execute()
    await db.deleteFrom('focus_sessions').where('id', 'in', ids).execute()
  }
}

function newToken(hash: string, sessionId: string, now: number) {
  return {
    token_hash: hash,
    session_id: sessionId,
    created_at: now,
    rotated_at: null,
    successor_hash: null,
    successor_sealed: null,
  }
}

function toRow(session: Session): SessionsTable {
  return {
    id: session.id,
    user_key: session.userKey,
    provider: session.provider,
    user_agent: session.userAgent,
    ip: session.ip,
    created_at: session.createdAt,
    last_used_at: session.lastUsedAt,
    idle_expires_at: session.idleExpiresAt,
    expires_at: session.expiresAt,
    ended_at: session.endedAt,
    end_reason: session.endReason,
  }
}

function toSession(row: Selectable<SessionsTable>): Session {
  return {
    id: row.id,
    userKey: row.user_key,
    provider: row.provider,
    userAgent: row.user_agent,
    ip: row.ip,
    createdAt: row.created_at,
    lastUsedAt: row.last_used_at,
    idleExpiresAt: row.idle_expires_at,
    expiresAt: row.expires_at,
    endedAt: row.ended_at,
    endReason: toReason(row.end_reason),
  }
}

const reasons: readonly SessionEnd['reason'][] = [
  'logout',
  'logout_all',
  'reuse',
  'revoked',
  'user_disabled',
  'unlinked',
  'replaced',
]

function toReason(text: string | null): SessionEnd['reason'] | null {
  return reasons.find((reason) => reason === text) ?? null
}
