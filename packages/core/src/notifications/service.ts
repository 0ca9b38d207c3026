import { v7 as uuidv7 } from 'uuid'
import { FocusError } from '../errors.ts'
import type { JsonObject } from '../one-time.ts'
import type { Runtime } from '../runtime.ts'
import { type UserId, toUserKey } from '../user-id.ts'
import { builtInDefinitions } from './catalogue/built-in.ts'
import type { Definition, ParamsOf } from './catalogue/definition.ts'
import { render } from './catalogue/render.ts'
import { toLogEntry } from './content.ts'
import { decodeCursor, encodeCursor } from './cursor.ts'
import { Feed } from './feed.ts'
import type { AppendOutcome, NotificationLog, ReadSelection } from './log.ts'
import { type Recipient, type RecipientDirectory, Recipients } from './recipients.ts'
import type {
  InboxPage,
  InboxQuery,
  NotificationContent,
  NotificationInput,
  NotificationPublisher,
  Receipt,
  Summary,
} from './types.ts'

type BuiltIn = typeof builtInDefinitions

/** Params of a built-in notification. */
export type BuiltInParams<K extends keyof BuiltIn> = ParamsOf<BuiltIn[K]>

export interface NotifyOptions {
  /** Language of a catalogue's texts for this call; the person's own when absent. */
  readonly locale?: string
}

/** Sends notifications and keeps each person's inbox. A call that resolves is committed. */
export interface NotificationService {
  /**
   * Sends one notification to one person.
   *
   * @throws FocusError `unknown_user`, `invalid_notification`, `data_too_large`, `storage_unavailable`
   * @example
   * ```ts
   * const receipt = await focus.notifications.notifyUser({
   *   userId: 123, type: 'info', title: 'Nouvelle activité', message: 'Activité enregistrée avec succès',
   *   data: { app_name: 'Instagram', duration: 45 },
   * })
   * ```
   */
  notifyUser(notification: NotificationInput, options?: NotifyOptions): Promise<Receipt>
  /** Sends one notification to many people; ids that the directory does not know are counted, not refused. */
  notifyMany(userIds: Iterable<UserId> | AsyncIterable<UserId>, content: NotificationContent): Promise<Summary>
  /** Sends one notification to everybody: one write, however many users there are. */
  broadcast(content: NotificationContent): Promise<Receipt>
  /** Sends a notification of the catalogue. */
  notify<K extends keyof BuiltIn>(
    name: K,
    params: BuiltInParams<K> & { readonly userId: UserId },
    options?: NotifyOptions,
  ): Promise<Receipt>
  notifyActivityUpdate(
    params: { readonly userId: UserId } & ({ readonly activity: JsonObject } | { readonly activityData: JsonObject }),
    options?: NotifyOptions,
  ): Promise<Receipt>
  notifyLimitWarning(
    params: { readonly userId: UserId; readonly appName: string; readonly percentage: number },
    options?: NotifyOptions,
  ): Promise<Receipt>
  notifyAppBlocked(
    params: { readonly userId: UserId; readonly appName: string },
    options?: NotifyOptions,
  ): Promise<Receipt>
  notifyChallengeUpdate(
    params: {
      readonly userId: UserId
      readonly challengeTitle: string
      readonly updateType: string
      readonly message: string
      readonly data?: JsonObject
    },
    options?: NotifyOptions,
  ): Promise<Receipt>
  notifyLeaderboardUpdate(
    params: {
      readonly userIds: Iterable<UserId> | AsyncIterable<UserId>
      readonly challengeTitle: string
      readonly leaderboardData: JsonObject
    },
    options?: NotifyOptions,
  ): Promise<Summary>
  /** One page of a person's inbox, newest first. @throws FocusError `invalid_request` */
  inbox(userId: UserId, query?: InboxQuery): Promise<InboxPage>
  /** Marks as read and returns what is still unread. */
  markRead(userId: UserId, which: ReadSelection): Promise<number>
  /** Takes a notification out of the inbox; false when it is not there. */
  delete(userId: UserId, id: string): Promise<boolean>
}

/** The service with what the composition root needs beside it. */
export interface Notifications extends NotificationService {
  /** What the real-time hub reads. */
  readonly feed: Feed
  readonly recipients: Recipients
  /** `notify` for a name that is known only at run time. @throws FocusError `invalid_notification` */
  notifyNamed(name: string, params: JsonObject & { readonly userId: UserId }, options?: NotifyOptions): Promise<Receipt>
  close(): Promise<void>
}

export interface NotificationConfig {
  /** Language of texts for people whose own is not known. */
  readonly locale: string
  /** Whether ids that the directory does not know are refused (`unknown_user`) or get a stream all the same. */
  readonly unknownUsers: 'refuse' | 'accept'
}

export interface NotificationDeps {
  readonly config: NotificationConfig
  readonly runtime: Runtime
  readonly log: NotificationLog
  readonly publisher: NotificationPublisher
  readonly users: RecipientDirectory
}

export function createNotifications(deps: NotificationDeps): Notifications {
  return new DurableNotifications(deps)
}

class DurableNotifications implements Notifications {
  readonly feed: Feed
  readonly recipients: Recipients
  readonly #config: NotificationConfig
  readonly #runtime: Runtime
  readonly #log: NotificationLog

  constructor({ config, runtime, log, publisher, users }: NotificationDeps) {
    this.#config = config
    this.#runtime = runtime
    this.#log = log
    this.recipients = new Recipients(users, config.unknownUsers, runtime.clock)
    this.feed = new Feed(log, this.recipients, publisher)
    log.onCommitted((events) => publisher.notificationsCommitted(events))
  }

  async notifyUser({ userId, ...content }: NotificationInput): Promise<Receipt> {
    return this.#send(await this.recipients.require(userId), content)
  }

  async notifyMany(userIds: Iterable<UserId> | AsyncIterable<UserId>, content: NotificationContent): Promise<Summary> {
    return this.#sendMany(userIds, () => Promise.resolve(content))
  }

  async broadcast(content: NotificationContent): Promise<Receipt> {
    return this.#send(null, content)
  }

  async notify<K extends keyof BuiltIn>(
    name: K,
    { userId, ...params }: BuiltInParams<K> & { readonly userId: UserId },
    options: NotifyOptions = {},
  ): Promise<Receipt> {
    const recipient = await this.recipients.require(userId)
    return this.#send(recipient, await this.#render(name, params, recipient, options))
  }

  async notifyNamed(
    name: string,
    { userId, ...params }: JsonObject & { readonly userId: UserId },
    options: NotifyOptions = {},
  ): Promise<Receipt> {
    if (!isBuiltIn(name)) {
      throw new FocusError(
        'invalid_notification',
        `There is no notification ${JSON.stringify(name)} in the catalogue.`,
        {
          hint: `It has ${Object.keys(builtInDefinitions).join(', ')}.`,
        },
      )
    }
    const recipient = await this.recipients.require(userId)
    return this.#send(recipient, await this.#render(name, params, recipient, options))
  }

  notifyActivityUpdate(
    params: { readonly userId: UserId } & ({ readonly activity: JsonObject } | { readonly activityData: JsonObject }),
    options?: NotifyOptions,
  ): Promise<Receipt> {
    const activity = 'activity' in params ? params.activity : params.activityData
    return this.notify('activityUpdate', { userId: params.userId, activity }, options)
  }

  notifyLimitWarning(
    params: { readonly userId: UserId; readonly appName: string; readonly percentage: number },
    options?: NotifyOptions,
  ): Promise<Receipt> {
    return this.notify('limitWarning', params, options)
  }

  notifyAppBlocked(params: { readonly userId: UserId; readonly appName: string }, options?: NotifyOptions) {
    return this.notify('appBlocked', params, options)
  }

  notifyChallengeUpdate(
    params: {
      readonly userId: UserId
      readonly challengeTitle: string
      readonly updateType: string
      readonly message: string
      readonly data?: JsonObject
    },
    options?: NotifyOptions,
  ): Promise<Receipt> {
    return this.notify('challengeUpdate', params, options)
  }

  async notifyLeaderboardUpdate(
    {
      userIds,
      ...params
    }: {
      readonly userIds: Iterable<UserId> | AsyncIterable<UserId>
      readonly challengeTitle: string
      readonly leaderboardData: JsonObject
    },
    options: NotifyOptions = {},
  ): Promise<Summary> {
    return this.#sendMany(userIds, (recipient) => this.#render('leaderboardUpdate', params, recipient, options))
  }

  async inbox(userId: UserId, query: InboxQuery = {}): Promise<InboxPage> {
    const userKey = toUserKey(userId)
    const events = query.event === undefined ? [] : [query.event].flat()
    const before = query.before === undefined ? null : decodeCursor(query.before)
    await this.feed.head(userKey)
    const { items, next, unreadCount } = await this.#log.inbox(userKey, {
      limit: pageSize(query.limit),
      before,
      unreadOnly: query.unread ?? false,
      events,
    })
    return { notifications: items, nextBefore: next ? encodeCursor(next) : null, unreadCount }
  }

  async markRead(userId: UserId, which: ReadSelection): Promise<number> {
    return this.feed.markRead(toUserKey(userId), which)
  }

  async delete(userId: UserId, id: string): Promise<boolean> {
    return this.feed.remove(toUserKey(userId), id)
  }

  async close(): Promise<void> {
    await this.#log.close()
  }

  async #send(recipient: Recipient | null, content: NotificationContent): Promise<Receipt> {
    const entry = toLogEntry(content, {
      id: this.#newId(),
      userKey: recipient?.userKey ?? null,
      createdAt: this.#runtime.clock(),
    })
    return toReceipt(entry.id, await this.#log.append(entry))
  }

  async #sendMany(
    userIds: Iterable<UserId> | AsyncIterable<UserId>,
    contentFor: (recipient: Recipient) => Promise<NotificationContent>,
  ): Promise<Summary> {
    const summary = { total: 0, created: 0, merged: 0, suppressed: 0, later: 0, unknown: 0 }
    for await (const userId of userIds) {
      summary.total += 1
      const recipient = await this.recipients.find(userId)
      if (!recipient) {
        summary.unknown += 1
        continue
      }
      const { outcome } = await this.#send(recipient, await contentFor(recipient))
      if (outcome === 'created' || outcome === 'merged' || outcome === 'suppressed') summary[outcome] += 1
      else summary.later += 1
    }
    return summary
  }

  #render(name: keyof BuiltIn, params: unknown, recipient: Recipient, options: NotifyOptions) {
    const locales = [options.locale, recipient.locale, this.#config.locale].filter((tag) => typeof tag === 'string')
    const definition: Definition = builtInDefinitions[name]
    return render(name, definition, params, locales)
  }

  #newId(): string {
    return uuidv7({ msecs: this.#runtime.clock(), random: this.#runtime.random(16) })
  }
}

function pageSize(limit = 50): number {
  if (Number.isInteger(limit) && limit >= 1 && limit <= 200) return limit
  throw new FocusError('invalid_request', 'limit: expected a whole number from 1 to 200.', {
    hint: 'Leave it out for 50, and follow next_before for more.',
  })
}

function isBuiltIn(name: string): name is keyof BuiltIn {
  return Object.hasOwn(builtInDefinitions, name)
}

function toReceipt(id: string, outcome: AppendOutcome): Receipt {
  switch (outcome.outcome) {
    case 'created':
    case 'merged':
    case 'suppressed':
      return outcome
    case 'scheduled':
    case 'deferred':
      return { outcome: outcome.outcome, id }
    case 'gone':
      return { outcome: 'suppressed', reason: 'expired' }
  }
}
