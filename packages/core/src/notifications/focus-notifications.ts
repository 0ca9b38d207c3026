import type { Kysely, Transaction } from 'kysely'
import type { JsonObject } from '../common/json.ts'
import type { UserId } from '../common/user-id.ts'
import type {
  ActivityUpdate,
  AppBlocked,
  BuiltInCatalogue,
  ChallengeUpdate,
  LeaderboardUpdate,
  LimitWarning,
} from './catalogue/built-in-catalogue.ts'
import type { Definition, Definitions } from './catalogue/definition.ts'
import type { ParamsInput } from './catalogue/params.ts'
import type { ReadSelection } from './inbox/inbox-port.ts'
import type {
  Delivery,
  InboxPage,
  InboxQuery,
  NotificationContent,
  NotificationInput,
  Receipt,
  Summary,
} from './ports.ts'

/** The params of one definition of a catalogue, as a caller passes them. */
export type Params<D> = D extends Definition<infer Spec> ? ParamsInput<Spec> : never

/** The definitions of an application's catalogue together with the built-in ones, which it may replace. */
export type WithBuiltIn<Extra extends Definitions> = {
  readonly [Name in keyof BuiltInCatalogue | NamesOf<Extra>]: Name extends NamesOf<Extra>
    ? Extra[Name]
    : Name extends keyof BuiltInCatalogue
      ? BuiltInCatalogue[Name]
      : never
}

/** The names of a catalogue; none where the type holds any name. */
type NamesOf<Extra extends Definitions> = string extends keyof Extra ? never : keyof Extra

/** Options of one call that sends one notification. */
export interface NotifyOptions {
  /**
   * Makes the call safe to repeat: within 24 hours, another call with this key and the same content sends nothing and returns
   * the receipt of the first call. 1 to 255 characters.
   */
  readonly idempotencyKey?: string
}

/** For a notification of the catalogue: its language, and values that replace those of the definition. */
export interface NotifyNamedOptions extends NotifyOptions, Delivery {
  /** BCP 47 tag of the language of the texts; the user's own when absent. */
  readonly locale?: string
}

/** Options of one call that sends to many users. */
export interface NotifyManyOptions {
  /** Called after about every thousand users, with the counts so far. */
  readonly onProgress?: (summary: Summary) => void
  /**
   * Stops the call once it is aborted: the chunks under way are sent, up to 4,000 users, then the call rejects with the signal's
   * reason.
   */
  readonly signal?: AbortSignal
  /** BCP 47 tag of the language of the texts; each user's own when absent. */
  readonly locale?: string
}

/** User ids from an array, a generator or a database cursor; they are read in chunks and never held in memory at once. */
export type UserIds = Iterable<UserId> | AsyncIterable<UserId>

/** The user that a notification is for. */
export interface ToUser {
  readonly userId: UserId
}

/** `activity` and `activityData` mean the same; both travel as the notification's `data`. */
export type ActivityUpdateParams = ToUser & (ActivityUpdate | { readonly activityData: JsonObject })
export interface LimitWarningParams extends LimitWarning, ToUser {}
export interface AppBlockedParams extends AppBlocked, ToUser {}
export interface ChallengeUpdateParams extends ChallengeUpdate, ToUser {}

export interface LeaderboardUpdateParams extends LeaderboardUpdate {
  readonly userIds: UserIds
}

/** Sends inside a transaction of the application: notifications are committed with its rows and get their offsets afterwards. */
export interface TransactionNotifications<Catalogue> {
  notifyUser(notification: NotificationInput): Promise<Receipt>
  broadcast(content: NotificationContent): Promise<Receipt>
  notify<K extends keyof Catalogue & string>(
    name: K,
    params: Params<Catalogue[K]> & ToUser,
    options?: Omit<NotifyNamedOptions, 'idempotencyKey'>,
  ): Promise<Receipt>
}

/**
 * Sends notifications and keeps the inbox of each user: `focus.notifications`. When a call resolves, its notifications are
 * committed: they survive a crash of the process, the database or the network.
 *
 * Every sending method rejects with a `FocusError`: `unknown_user`, `invalid_notification`, `data_too_large`,
 * `idempotency_conflict`, `inside_transaction`, `closed`, or `storage_unavailable`, whose message says whether nothing was
 * written or the outcome is unknown.
 */
export interface NotificationService<Catalogue = BuiltInCatalogue> {
  /**
   * Sends one notification to one user.
   *
   * @example
   * ```ts
   * const receipt = await focus.notifications.notifyUser({
   *   userId: 123, type: 'info', title: 'Nouvelle activité', message: 'Activité enregistrée avec succès',
   *   data: { app_name: 'Instagram', duration: 45 },
   * })
   * ```
   */
  notifyUser(notification: NotificationInput, options?: NotifyOptions): Promise<Receipt>
  /**
   * Sends one notification to many users, at the pace of the database. Ids that the directory does not know are counted, not
   * refused.
   *
   * @example
   * ```ts
   * const summary = await focus.notifications.notifyMany(idsFromACursor(), { title: 'News', message: 'We moved' })
   * ```
   */
  notifyMany(userIds: UserIds, content: NotificationContent, options?: NotifyManyOptions): Promise<Summary>
  /** Sends a notification of the catalogue to many users, each in their own language; otherwise as `notifyMany`. */
  notifyManyNamed<K extends keyof Catalogue & string>(
    userIds: UserIds,
    name: K,
    params: Params<Catalogue[K]>,
    options?: NotifyManyOptions,
  ): Promise<Summary>
  /** Sends one notification to all users, with one write for any number of users. */
  broadcast(content: NotificationContent, options?: NotifyOptions): Promise<Receipt>
  /**
   * Sends a notification of the catalogue.
   *
   * @example
   * ```ts
   * await focus.notifications.notify('limitWarning', { userId: 123, appName: 'Instagram', percentage: 80 })
   * ```
   */
  notify<K extends keyof Catalogue & string>(
    name: K,
    params: Params<Catalogue[K]> & ToUser,
    options?: NotifyNamedOptions,
  ): Promise<Receipt>
  /** Sends `activityUpdate`: topic `activities`; the activity travels as `data`. */
  notifyActivityUpdate(params: ActivityUpdateParams, options?: NotifyNamedOptions): Promise<Receipt>
  /** Sends `limitWarning`: topic `limits`, a warning. */
  notifyLimitWarning(params: LimitWarningParams, options?: NotifyNamedOptions): Promise<Receipt>
  /** Sends `appBlocked`: topic `limits`, an error. */
  notifyAppBlocked(params: AppBlockedParams, options?: NotifyNamedOptions): Promise<Receipt>
  /** Sends `challengeUpdate`: topic `challenges`, with the caller's own text. */
  notifyChallengeUpdate(params: ChallengeUpdateParams, options?: NotifyNamedOptions): Promise<Receipt>
  /** Sends `leaderboardUpdate` to the users of a leaderboard: topic `challenges`. */
  notifyLeaderboardUpdate(params: LeaderboardUpdateParams, options?: NotifyManyOptions): Promise<Summary>
  /**
   * Runs `work` in a transaction of `db`, a database that also holds Focus' tables. Its notifications are committed together
   * with its own rows, or not at all. They get their offsets right after the commit, when their policies are applied.
   *
   * @example
   * ```ts
   * await focus.notifications.transaction(db, async (trx, notifications) => {
   *   await trx.insertInto('orders').values(order).execute()
   *   await notifications.notifyUser({ userId: order.userId, title: 'Thank you', message: 'We got your order' })
   * })
   * ```
   */
  transaction<DB, T>(
    db: Kysely<DB>,
    work: (trx: Transaction<DB>, notifications: TransactionNotifications<Catalogue>) => Promise<T>,
  ): Promise<T>
  /**
   * Returns a statement that inserts a notification, for transactions of Prisma, Drizzle, Knex and others. Run it inside the
   * transaction; call `sequence()` after the commit to send immediately.
   *
   * @throws FocusError `invalid_notification`, `data_too_large`
   *
   * @example
   * ```ts
   * const { sql, parameters } = focus.notifications.pendingInsert({ userId: 7, title: 'Thank you', message: 'We got it' })
   * await trx.raw(sql, parameters)
   * ```
   */
  pendingInsert(notification: NotificationInput): { readonly sql: string; readonly parameters: readonly unknown[] }
  /** Sends pending and due notifications now, and returns their number. Focus does so by itself every second. */
  sequence(): Promise<number>
  /** Cancels a notification that has not been sent yet; false when it is too late. */
  cancel(id: string): Promise<boolean>
  /**
   * Returns one page of a user's inbox, newest first.
   *
   * @throws FocusError `invalid_request`
   *
   * @example
   * ```ts
   * const { notifications, nextBefore } = await focus.notifications.inbox(7, { unread: true, limit: 20 })
   * ```
   */
  inbox(userId: UserId, query?: InboxQuery): Promise<InboxPage>
  /**
   * Marks notifications as read.
   *
   * @returns how many are still unread
   * @throws FocusError `invalid_request`
   */
  markRead(userId: UserId, which: ReadSelection): Promise<number>
  /** Removes a notification from a user's inbox; false when it is not there. */
  delete(userId: UserId, id: string): Promise<boolean>
}
