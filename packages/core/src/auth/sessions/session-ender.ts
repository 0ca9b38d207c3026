import type { Debug } from '../../common/logging/debug.ts'
import type { Runtime } from '../../common/runtime.ts'
import type { UserKey } from '../../common/user-id.ts'
import { accountId } from '../accounts/account-id.ts'
import type { AccountKey } from '../accounts/user-directory-port.ts'
import type { SessionEnd } from '../ports.ts'
import type { SingleUseCodes } from '../sign-in/single-use-codes.ts'
import type { EndedSessions } from './ended-sessions.ts'
import type { SessionReads } from './session-reads.ts'
import type { SessionSelection, SessionStore } from './session-store-port.ts'

export interface SessionEnderDependencies {
  readonly store: Pick<SessionStore, 'end'>
  readonly reads: SessionReads
  readonly ended: EndedSessions
  readonly codes: Pick<SingleUseCodes, 'voidAll'>
  readonly runtime: Pick<Runtime, 'clock' | 'debug'>
}

/** Ends sessions in the database, and announces each end to this node. */
export class SessionEnder {
  readonly #deps: SessionEnderDependencies
  readonly #debug: Debug

  constructor(dependencies: SessionEnderDependencies) {
    this.#deps = dependencies
    this.#debug = dependencies.runtime.debug('tokens')
  }

  /** Ends one session, of `userKey` if given. Returns false when there is no such active session. */
  async end(id: string, reason: SessionEnd['reason'], userKey?: UserKey): Promise<boolean> {
    const session = await this.#deps.reads.get(id)
    if (!session || session.endedAt !== null || (userKey !== undefined && session.userKey !== userKey)) return false
    await this.#end({ id }, reason)
    return true
  }

  /** Ends a session that the caller has just read or created. */
  async endKnown(id: string, reason: SessionEnd['reason']): Promise<void> {
    await this.#end({ id }, reason)
  }

  /** Ends all sessions of a user and voids their unredeemed sign-in codes. Returns the number of sessions. */
  async endAll(userKey: UserKey, reason: SessionEnd['reason']): Promise<number> {
    await this.#deps.codes.voidAll(userKey)
    return await this.#end({ userKey }, reason)
  }

  /** Ends the sessions of a user that an account started. Returns the number of sessions. */
  async endStartedWith(userKey: UserKey, account: AccountKey): Promise<number> {
    return await this.#end({ userKey, accountId: accountId(account) }, 'unlinked')
  }

  async #end(which: SessionSelection, reason: SessionEnd['reason']): Promise<number> {
    const { store, ended, runtime } = this.#deps
    // The store ends a bounded number at once, so that thousands of sessions of one user end in few statements.
    for (let count = 0; ; ) {
      const ends = await store.end(which, reason, runtime.clock())
      for (const end of ends) {
        ended.add(end)
        this.#debug('session ended', { session: end.sessionId, user: end.userKey, reason })
      }
      count += ends.length
      if (ends.length === 0 || 'id' in which) return count
    }
  }
}
