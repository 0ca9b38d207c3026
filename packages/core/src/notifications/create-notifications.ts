import type { Kysely, Transaction } from 'kysely'
import { FocusError } from '../common/errors.ts'
import type { Runtime } from '../common/runtime.ts'
import type { UserId } from '../common/user-id.ts'
import { sendToAudience } from './sending/audience.ts'
import { builtInCatalogue } from './catalogue/built-in.ts'
import type { BuiltInCatalogue } from './catalogue/built-in-catalogue.ts'
import { checkDefinitions } from './catalogue/define.ts'
import type { Definitions } from './catalogue/definition.ts'
import { CallerTransactions } from './pending/caller-transactions.ts'
import { Composer, type Message } from './catalogue/composer.ts'
import { decodeCursor, encodeCursor } from './inbox/cursor.ts'
import { Feed } from './inbox/feed.ts'
import { Idempotency, isRefusal, type RepeatableIds } from './policies/idempotency.ts'
import { Intake } from './pending/intake.ts'
import type { NotificationLog } from './log-port.ts'
import type { LogEntry } from './log-entry-port.ts'
import type { ReadSelection } from './inbox-port.ts'
import type {
  ActivityUpdateParams,
  AppBlockedParams,
  ChallengeUpdateParams,
  LeaderboardUpdateParams,
  LimitWarningParams,
  WithBuiltIn,
  NotificationService,
  NotifyManyOptions,
  NotifyNamedOptions,
  NotifyOptions,
  TransactionNotifications,
  UserIds,
} from './focus-notifications.ts'
import type { NotificationRouter } from './routing-port.ts'
import { storeContent } from './pending/pending-request.ts'
import { checkedSelection } from './inbox/read-selection.ts'
import { type Recipient, type RecipientDirectory, Recipients } from './sending/recipients.ts'
import { Sender } from './sending/sender.ts'
import { Sequencer } from './pending/sequencer.ts'
import { checkedUserKey } from './user-keys.ts'
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

/** The service with what routes and the composition root need beside it. */
export interface Notifications<Catalogue = BuiltInCatalogue> extends NotificationService<Catalogue> {
  /** What the real-time hub reads. */
  readonly feed: Feed
  readonly recipients: Recipients
  /** Sends to one person, or to everybody when null; `ids` makes it repeatable. */
  send(recipient: Recipient | null, message: Message, ids?: RepeatableIds): Promise<Receipt>
  readonly idempotency: Idempotency
  /**
   * The newest notifications of everybody, broadcasts among them, by when they were first asked for.
   *
   * @param limit 1 to 500; 50 when absent
   */
  recent(limit?: number): Promise<LoggedNotification[]>
  /** Names this history of the streams, and begins another one after a restore. */
  readonly epoch: string
  rotateEpoch(): Promise<string>
  /** Told of each new epoch, whichever node began it, within seconds. */
  onEpochChange(listener: () => void): void
  /** Told when another process committed to the database, where that can be noticed: on SQLite files. */
  onForeignCommit(listener: () => void): void
  /** Begins to take in, by itself, what waits. */
  start(): void
  close(): Promise<void>
}

export interface NotificationConfig {
  /** Language of texts for people whose own is not known. */
  readonly locale: string
  /** Whether ids that the directory does not know are refused (`unknown_user`) or get a stream all the same. */
  readonly unknownUsers: 'refuse' | 'accept'
}

export interface NotificationDeps<Extra extends Definitions = Definitions> {
  readonly config: NotificationConfig
  readonly runtime: Runtime
  readonly log: NotificationLog
  readonly publisher: NotificationPublisher
  readonly users: RecipientDirectory
  /** The application's own notifications, beside the guide's. */
  readonly catalogue?: Extra
  /** Decides on deliveries by other transports; there are none when absent. */
  readonly router?: NotificationRouter
}

/** @throws FocusError `invalid_option` for a definition with a mistake */
export function createNotifications<Extra extends Definitions = Definitions>(
  deps: NotificationDeps<Extra>,
): Notifications<WithBuiltIn<Extra>> {
  return new DurableNotifications<WithBuiltIn<Extra>>(deps)
}

class DurableNotifications<Catalogue> implements Notifications<Catalogue> {
  readonly feed: Feed
  readonly recipients: Recipients
  readonly idempotency: Idempotency
  readonly #log: NotificationLog
  readonly #composer: Composer
  readonly #sender: Sender
  readonly #sequencer: Sequencer
  readonly #transactions: CallerTransactions

  constructor({ config, runtime, log, publisher, users, catalogue = {}, router }: NotificationDeps) {
    checkDefinitions(catalogue)
    this.#log = log
    this.#composer = new Composer({ ...builtInCatalogue, ...catalogue }, config.locale)
    this.recipients = new Recipients(users, config.unknownUsers, runtime.clock)
    this.feed = new Feed(log, this.recipients, publisher, runtime.logger)
    this.#sender = new Sender({
      runtime,
      log,
      router: router ?? null,
      scheduled: (dueAt) => this.#sequencer.expect(dueAt),
    })
    this.#transactions = new CallerTransactions({ log, composer: this.#composer, sender: this.#sender, runtime })
    const { recipients } = this
    const intake = new Intake({
      log,
      sender: this.#sender,
      composer: this.#composer,
      recipients,
      runtime,
    })
    this.#sequencer = new Sequencer(() => intake.pass(), runtime.clock, runtime.logger)
    this.idempotency = new Idempotency(log.idempotency, runtime.clock, () => this.#sender.newId())
    log.onCommitted((events) => publisher.notificationsCommitted(events))
    log.onForeignCommit(() => this.#sequencer.wake())
  }

  start(): void {
    this.#sequencer.start()
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

  async notifyUser({ userId, ...content }: NotificationInput, options: NotifyOptions = {}): Promise<Receipt> {
    const recipient = await this.#recipient(userId)
    return this.#sendOnce(recipient, { content }, options, () => ({ userId, content: storeContent(content) }))
  }

  async broadcast(content: NotificationContent, options: NotifyOptions = {}): Promise<Receipt> {
    return this.#sendOnce(null, { content }, options, () => ({ content: storeContent(content) }))
  }

  async notify(
    name: string,
    { userId, ...params }: { readonly userId: UserId },
    options: NotifyNamedOptions = {},
  ): Promise<Receipt> {
    const recipient = await this.#recipient(userId)
    const { idempotencyKey: _, ...overrides } = options
    const message = { name, params, options: overrides }
    return this.#sendOnce(recipient, message, options, () => ({ userId, name, params, overrides }))
  }

  async notifyMany(userIds: UserIds, content: NotificationContent, options: NotifyManyOptions = {}): Promise<Summary> {
    return this.#sendToMany(userIds, () => ({ content }), options)
  }

  async notifyManyNamed(
    userIds: UserIds,
    name: string,
    params: unknown,
    options: NotifyManyOptions = {},
  ): Promise<Summary> {
    const { locale } = options
    const message = { name, params, options: locale === undefined ? {} : { locale } }
    return this.#sendToMany(userIds, () => message, options)
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

  async send(recipient: Recipient | null, message: Message, ids?: RepeatableIds): Promise<Receipt> {
    this.#transactions.refuseInside()
    const id = ids?.idFor(recipient?.userKey ?? '') ?? this.#sender.newId()
    // An earlier attempt died on the way; what it had committed is not sent again.
    const landed = ids?.resumed ? await this.#log.find(id) : null
    if (landed) return landed
    const entry = this.#sender.toEntry(recipient, this.#composer.compose(recipient, message), id)
    return ids ? this.#appendRepeatable({ ...entry, repeatable: true }, ids) : this.#sender.append(entry)
  }

  async #appendRepeatable(entry: LogEntry, ids: RepeatableIds): Promise<Receipt> {
    try {
      const receipt = await this.#sender.append(entry)
      ids.keep()
      return receipt
    } catch (error) {
      if (!isRefusal(error)) ids.keep()
      throw error
    }
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

  async inbox(userId: UserId, query: InboxQuery = {}): Promise<InboxPage> {
    const userKey = checkedUserKey(userId)
    const selection = {
      limit: pageSize(query.limit),
      before: typeof query.before === 'string' ? decodeCursor(query.before) : null,
      unreadOnly: query.unread ?? false,
      events: query.event === undefined ? [] : [query.event].flat(),
    }
    await this.feed.head(userKey)
    const { items, next, ...counted } = await this.#log.inbox(userKey, selection)
    return { notifications: items, nextBefore: next ? encodeCursor(next) : null, ...counted }
  }

  async recent(limit?: number): Promise<LoggedNotification[]> {
    return this.#log.recent(pageSize(limit))
  }

  async markRead(userId: UserId, which: ReadSelection): Promise<number> {
    return this.feed.markRead(checkedUserKey(userId), checkedSelection(which))
  }

  async delete(userId: UserId, id: string): Promise<boolean> {
    return this.feed.remove(checkedUserKey(userId), id)
  }

  async close(): Promise<void> {
    await this.#sequencer.close()
    await this.#log.close()
  }

  /** Refuses before it reads: inside a transaction the pool may have no connection left to read with. */
  async #recipient(userId: UserId): Promise<Recipient> {
    this.#transactions.refuseInside()
    return this.recipients.require(userId)
  }

  /** @param request what a repetition of the call has to be equal to */
  async #sendOnce(
    recipient: Recipient | null,
    message: Message,
    { idempotencyKey }: NotifyOptions,
    request: () => unknown,
  ): Promise<Receipt> {
    if (idempotencyKey === undefined) return this.send(recipient, message)
    // Only content without a mistake can be compared.
    this.#sender.check(this.#composer.compose(recipient, message))
    return this.idempotency.run(idempotencyKey, request(), (ids) => this.send(recipient, message, ids))
  }

  #sendToMany(userIds: UserIds, messageFor: () => Message, options: NotifyManyOptions): Promise<Summary> {
    const send = async (userId: UserId) => {
      const recipient = await this.recipients.find(userId)
      return recipient ? this.send(recipient, messageFor()) : null
    }
    return sendToAudience(userIds, send, options)
  }
}

function pageSize(limit = 50): number {
  if (Number.isInteger(limit) && limit >= 1 && limit <= 500) return limit
  throw new FocusError('invalid_request', 'limit: expected a whole number from 1 to 500.', {
    hint: 'Leave it out for 50, and follow next_before for more.',
  })
}
