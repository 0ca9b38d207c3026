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
import type { ReadSelection } from './inbox-port.ts'
import type {
  Delivery,
  InboxPage,
  InboxQuery,
  NotificationContent,
  NotificationInput,
  Receipt,
  Summary,
} from './ports.ts'

/** What a caller passes for one notification of a catalogue. */
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

export interface NotifyOptions {
  /**
   * Makes the call safe to repeat: within 24 hours, another call with this key and the same content answers the first one's
   * receipt and sends nothing. 1 to 255 characters.
   */
  readonly idempotencyKey?: string
}

/** For notifications of the catalogue: the language, and whatever is to differ from the definition. */
export interface NotifyNamedOptions extends NotifyOptions, Delivery {
  /** Language of the texts; the person's own when absent. */
  readonly locale?: string
}

export interface NotifyManyOptions {
  /** Called after every thousand or so, with what has been done by then. */
  readonly onProgress?: (summary: Summary) => void
  /** Stops after what is under way, with the signal's reason. */
  readonly signal?: AbortSignal
  readonly locale?: string
}

/** Ids from an array, a generator or a database cursor; they are never all in memory. */
export type UserIds = Iterable<UserId> | AsyncIterable<UserId>

/** The user that a notification is for. */
export interface ToUser {
  readonly userId: UserId
}

export type ActivityUpdateParams = ToUser & (ActivityUpdate | { readonly activityData: JsonObject })
export interface LimitWarningParams extends LimitWarning, ToUser {}
export interface AppBlockedParams extends AppBlocked, ToUser {}
export interface ChallengeUpdateParams extends ChallengeUpdate, ToUser {}

export interface LeaderboardUpdateParams extends LeaderboardUpdate {
  readonly userIds: UserIds
}

/** Inside a transaction of the application: what is sent is committed with its rows, and sequenced afterwards. */
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
 * Sends notifications and keeps each person's inbox. A call that resolves is committed: what it sent is in the log, however
 * the process, the database or the network end afterwards.
 *
 * Every sending method throws a `FocusError`: `unknown_user`, `invalid_notification`, `data_too_large`,
 * `idempotency_conflict`, `inside_transaction`, `storage_unavailable` (nothing was written, or nobody can tell; the message
 * says which), `closed`.
 */
export interface NotificationService<Catalogue = BuiltInCatalogue> {
  /**
   * Sends one notification to one person.
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
   * Sends one notification to many people, as fast as the database takes it and no faster. Ids that the directory does not
   * know are counted, not refused.
   *
   * @example
   * ```ts
   * const summary = await focus.notifications.notifyMany(idsFromACursor(), { title: 'News', message: 'We moved' })
   * ```
   */
  notifyMany(userIds: UserIds, content: NotificationContent, options?: NotifyManyOptions): Promise<Summary>
  /** `notifyMany` with a notification of the catalogue, each person in their own language. */
  notifyManyNamed<K extends keyof Catalogue & string>(
    userIds: UserIds,
    name: K,
    params: Params<Catalogue[K]>,
    options?: NotifyManyOptions,
  ): Promise<Summary>
  /** Sends one notification to everybody: one write, however many people there are. */
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
  /** Topic `activities`; the activity travels as `data`. */
  notifyActivityUpdate(params: ActivityUpdateParams, options?: NotifyNamedOptions): Promise<Receipt>
  /** Topic `limits`, a warning. */
  notifyLimitWarning(params: LimitWarningParams, options?: NotifyNamedOptions): Promise<Receipt>
  /** Topic `limits`, an error. */
  notifyAppBlocked(params: AppBlockedParams, options?: NotifyNamedOptions): Promise<Receipt>
  /** Topic `challenges`, in the caller's words. */
  notifyChallengeUpdate(params: ChallengeUpdateParams, options?: NotifyNamedOptions): Promise<Receipt>
  /** Topic `challenges`, to everybody on the leaderboard. */
  notifyLeaderboardUpdate(params: LeaderboardUpdateParams, options?: NotifyManyOptions): Promise<Summary>
  /**
   * Runs `work` in a transaction of `db`, where the database also holds Focus' tables. What `work` sends is committed with
   * its own rows or not at all; it gets its offset, and its policies are applied, right after the commit.
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
   * The same for Prisma, Drizzle, Knex and others: run this statement inside your transaction, and `sequence()` after its
   * commit if it is to go out at once.
   */
  pendingInsert(notification: NotificationInput): { readonly sql: string; readonly parameters: readonly unknown[] }
  /** Takes in what is pending or due now, and returns how many there were; happens by itself every second. */
  sequence(): Promise<number>
  /** Takes back what has not been delivered yet; false when it is too late. */
  cancel(id: string): Promise<boolean>
  /** One page of a person's inbox, newest first. @throws FocusError `invalid_request` */
  inbox(userId: UserId, query?: InboxQuery): Promise<InboxPage>
  /** Marks as read and returns how many are still unread. @throws FocusError `invalid_request` */
  markRead(userId: UserId, which: ReadSelection): Promise<number>
  /** Takes a notification out of the inbox; false when it is not there. */
  delete(userId: UserId, id: string): Promise<boolean>
}
