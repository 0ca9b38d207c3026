import type { Kysely, Transaction } from 'kysely'
import type { Runtime } from '../common/runtime.ts'
import type { UserId } from '../common/user-id.ts'
import { builtInCatalogue } from './catalogue/built-in.ts'
import type { BuiltInCatalogue } from './catalogue/built-in-catalogue.ts'
import { Composer, type Message } from './catalogue/composer.ts'
import { checkDefinitions } from './catalogue/define.ts'
import type { Definitions } from './catalogue/definition.ts'
import type { ReadSelection } from './inbox/inbox-port.ts'
import { Feed } from './inbox/feed.ts'
import { Inbox } from './inbox/inbox.ts'
import type { NotificationLog } from './log-port.ts'
import type {
  ActivityUpdateParams,
  AppBlockedParams,
  ChallengeUpdateParams,
  LeaderboardUpdateParams,
  LimitWarningParams,
  NotificationService,
  NotifyManyOptions,
  NotifyNamedOptions,
  NotifyOptions,
  TransactionNotifications,
  UserIds,
  WithBuiltIn,
} from './focus-notifications.ts'
import { CallerTransactions } from './pending/caller-transactions.ts'
import { Intake } from './pending/pending-intake.ts'
import { Sequencer } from './pending/sequencer.ts'
import { Idempotency } from './policies/idempotency.ts'
import type {
  InboxPage,
  InboxQuery,
  LoggedNotification,
  NotificationContent,
  NotificationInput,
  NotificationPublisher,
  Receipt,
  Summary,
} from './ports.ts'
import type { NotificationRouter } from './routing-port.ts'
import { NotificationIds } from './sending/notification-ids.ts'
import { type RecipientDirectory, Recipients } from './sending/recipients.ts'
import { Sender } from './sending/sender.ts'
import { SendingCalls, type SendTo } from './sending/sending-calls.ts'

/** The notifications of one process: the public service, and the parts that routes and the hub need. */
export interface Notifications<Catalogue = BuiltInCatalogue> extends NotificationService<Catalogue> {
  /** The streams, as the real-time hub reads them. */
  readonly feed: Feed
  readonly recipients: Recipients
  readonly idempotency: Idempotency
  /** Returns a function that sends the message to one recipient, or to all users when null. */
  prepare(message: Message): SendTo
  /**
   * Returns the newest notifications of all users, broadcasts among them, by the time of their call.
   *
   * @param limit 1 to 500; 50 when absent
   */
  recent(limit?: number): Promise<LoggedNotification[]>
  /** Names this history of the streams; it changes after a restore. */
  readonly epoch: string
  rotateEpoch(): Promise<string>
  /** Calls back after each new epoch, whichever node started it, within seconds. */
  onEpochChange(listener: () => void): void
  /** Calls back when another process committed to the database, where that can be noticed: on SQLite files. */
  onForeignCommit(listener: () => void): void
  /** Starts to sequence waiting notifications. */
  start(): void
  close(): Promise<void>
}

export interface NotificationConfig {
  /** Language of texts for users without a known language. */
  readonly locale: string
  /** Whether ids that the directory does not know are refused (`unknown_user`) or get a stream. */
  readonly unknownUsers: 'refuse' | 'accept'
}

export interface NotificationDeps<Extra extends Definitions = Definitions> {
  readonly config: NotificationConfig
  readonly runtime: Runtime
  readonly log: NotificationLog
  readonly publisher: NotificationPublisher
  readonly users: RecipientDirectory
  /** The application's own definitions, beside the built-in ones. */
  readonly catalogue?: Extra
  /** Decides on deliveries by transports; absent without any. */
  readonly router?: NotificationRouter
}

/** @throws FocusError `invalid_option` for a definition with a mistake */
export function createNotifications<Extra extends Definitions = Definitions>(
  deps: NotificationDeps<Extra>,
): Notifications<WithBuiltIn<Extra>> {
  return new DurableNotifications<WithBuiltIn<Extra>>(deps)
}

/** Connects the parts of the room. Each public method belongs to one of them. */
class DurableNotifications<Catalogue> implements Notifications<Catalogue> {
  readonly feed: Feed
  readonly recipients: Recipients
  readonly idempotency: Idempotency
  readonly #log: NotificationLog
  readonly #calls: SendingCalls
  readonly #inbox: Inbox
  readonly #transactions: CallerTransactions
  readonly #sequencer: Sequencer

  constructor({ config, runtime, log, publisher, users, catalogue = {}, router }: NotificationDeps) {
    checkDefinitions(catalogue)
    const { clock, logger } = runtime
    const composer = new Composer({ ...builtInCatalogue, ...catalogue }, config.locale)
    const ids = new NotificationIds(runtime)
    const recipients = new Recipients(users, config.unknownUsers, clock)
    const scheduled = (dueAt: number) => this.#sequencer.expect(dueAt)
    const sender = new Sender({ composer, ids, log, router: router ?? null, clock, scheduled })
    const intake = new Intake({ log, sender, recipients, runtime })
    this.#log = log
    this.recipients = recipients
    this.idempotency = new Idempotency(log.idempotency, clock, () => ids.next())
    this.feed = new Feed(log, recipients, publisher, logger)
    this.#inbox = new Inbox(log, this.feed)
    this.#transactions = new CallerTransactions({ log, sender, ids, clock })
    this.#sequencer = new Sequencer(() => intake.pass(), clock, logger)
    this.#calls = new SendingCalls({
      sender,
      recipients,
      transactions: this.#transactions,
      idempotency: this.idempotency,
      log,
    })
    log.onCommitted((events) => publisher.notificationsCommitted(events))
    log.onForeignCommit(() => this.#sequencer.wake())
  }

  async notifyUser({ userId, ...content }: NotificationInput, options: NotifyOptions = {}): Promise<Receipt> {
    return this.#calls.toUser(userId, { content }, options.idempotencyKey)
  }

  async broadcast(content: NotificationContent, options: NotifyOptions = {}): Promise<Receipt> {
    return this.#calls.toEveryone({ content }, options.idempotencyKey)
  }

  async notify(
    name: string,
    { userId, ...params }: { readonly userId: UserId },
    { idempotencyKey, ...options }: NotifyNamedOptions = {},
  ): Promise<Receipt> {
    return this.#calls.toUser(userId, { name, params, options }, idempotencyKey)
  }

  async notifyMany(userIds: UserIds, content: NotificationContent, options: NotifyManyOptions = {}): Promise<Summary> {
    return this.#calls.toMany(userIds, { content }, options)
  }

  async notifyManyNamed(
    userIds: UserIds,
    name: string,
    params: unknown,
    options: NotifyManyOptions = {},
  ): Promise<Summary> {
    const { locale } = options
    return this.#calls.toMany(userIds, { name, params, options: locale === undefined ? {} : { locale } }, options)
  }

  async notifyActivityUpdate(params: ActivityUpdateParams, options?: NotifyNamedOptions): Promise<Receipt> {
    const activity = 'activity' in params ? params.activity : params.activityData
    const named = { userId: params.userId, activity }
    return this.notify('activityUpdate', named, options)
  }

  async notifyLimitWarning(params: LimitWarningParams, options?: NotifyNamedOptions): Promise<Receipt> {
    return this.notify('limitWarning', params, options)
  }

  async notifyAppBlocked(params: AppBlockedParams, options?: NotifyNamedOptions): Promise<Receipt> {
    return this.notify('appBlocked', params, options)
  }

  async notifyChallengeUpdate(params: ChallengeUpdateParams, options?: NotifyNamedOptions): Promise<Receipt> {
    return this.notify('challengeUpdate', params, options)
  }

  async notifyLeaderboardUpdate(
    { userIds, ...params }: LeaderboardUpdateParams,
    options?: NotifyManyOptions,
  ): Promise<Summary> {
    return this.notifyManyNamed(userIds, 'leaderboardUpdate', params, options)
  }

  prepare(message: Message): SendTo {
    return this.#calls.prepare(message)
  }

  async transaction<DB, T>(
    db: Kysely<DB>,
    work: (trx: Transaction<DB>, notifications: TransactionNotifications<Catalogue>) => Promise<T>,
  ): Promise<T> {
    const result = await this.#transactions.run(db, work)
    this.#sequencer.wake()
    return result
  }

  pendingInsert({ userId, ...content }: NotificationInput): {
    readonly sql: string
    readonly parameters: readonly unknown[]
  } {
    return this.#transactions.insertFor(userId, { content })
  }

  sequence(): Promise<number> {
    return this.#sequencer.run()
  }

  async cancel(id: string): Promise<boolean> {
    for (const table of ['scheduled', 'deferred', 'pending', 'parked'] as const) {
      if (await this.#log.discard({ table, id })) return true
    }
    return false
  }

  inbox(userId: UserId, query?: InboxQuery): Promise<InboxPage> {
    return this.#inbox.page(userId, query)
  }

  recent(limit?: number): Promise<LoggedNotification[]> {
    return this.#inbox.recent(limit)
  }

  markRead(userId: UserId, which: ReadSelection): Promise<number> {
    return this.#inbox.markRead(userId, which)
  }

  delete(userId: UserId, id: string): Promise<boolean> {
    return this.#inbox.remove(userId, id)
  }

  get epoch(): string {
    return this.#log.epoch
  }

  rotateEpoch(): Promise<string> {
    return this.#log.rotateEpoch()
  }

  onEpochChange(listener: () => void): void {
    this.#log.onEpochChange(listener)
  }

  onForeignCommit(listener: () => void): void {
    this.#log.onForeignCommit(listener)
  }

  start(): void {
    this.#sequencer.start()
  }

  async close(): Promise<void> {
    await this.#sequencer.close()
    await this.feed.close()
    await this.#log.close()
  }
}
