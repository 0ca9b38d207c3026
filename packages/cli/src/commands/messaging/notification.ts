import { usageFailure } from '../../terminal/failure.ts'
import type { Json } from '../../remote/client.ts'
import { type DeliveryFlags, readDelivery } from './delivery-options.ts'

/** Flags of `focus notify` for the content of a notification. */
export interface NotificationFlags extends DeliveryFlags {
  readonly title?: string
  readonly message?: string
  readonly type?: string
  readonly event?: string
  readonly data?: string
  readonly locale?: string
  readonly name?: string
  readonly params?: string
  readonly activity?: string
  readonly limitWarning?: readonly string[]
  readonly appBlocked?: string
  readonly challengeUpdate?: readonly string[]
  readonly leaderboard?: string
}

type JsonObject = { readonly [key: string]: Json }

export interface ParsedNotification {
  /** The body of `POST /notifications`, without the user. */
  readonly body: JsonObject
  /** Operands that followed the values of a variadic flag: `--limit-warning Instagram 80 alice`. */
  readonly users: readonly string[]
}

/** A notification of the catalogue: a helper of the guide, or one of the application. */
interface Helper {
  readonly name: string
  readonly params: JsonObject
  readonly users?: readonly string[]
}

/**
 * @param now milliseconds since 1970, from which `--deliver-at 30m` counts
 * @throws CommandFailure `usage` where something is missing, of the wrong form, or contradicts itself
 */
export function readNotification(flags: NotificationFlags, now: number): ParsedNotification {
  const { body, users } = readContent(flags)
  return { body: { ...body, ...readDelivery(flags, now) }, users }
}

function readContent(flags: NotificationFlags): ParsedNotification {
  const data = flags.data === undefined ? undefined : jsonObject('--data', flags.data)
  const helpers = readHelpers(flags, data)
  if (helpers.length > 1) throw usageFailure('Pass one helper at a time, or one --name.')
  const { name: ownName } = flags
  const locale = localeOf(flags)
  if (flags.params !== undefined && ownName === undefined) throw usageFailure('--params requires --name.')
  const [helper] = helpers
  if (helper !== undefined) {
    refuseBesideHelper(flags)
    const { name, params, users = [] } = helper
    return { body: { name, params, ...(locale === undefined ? {} : { locale }) }, users }
  }
  return { body: plainNotification(flags, data), users: [] }
}

/**
 * Validates --locale. Helpers have texts in French and English; the application's own notifications can have any
 * language.
 */
function localeOf({ locale, name }: NotificationFlags): string | undefined {
  if (locale === undefined || name !== undefined) return locale
  const language = /^(fr|en)(?:[-_].*)?$/i.exec(locale)?.[1]?.toLowerCase()
  if (language !== undefined) return language
  throw usageFailure(`--locale: expected fr or en, got ${JSON.stringify(locale)}.`)
}

function plainNotification(flags: NotificationFlags, data: JsonObject | undefined): JsonObject {
  const { title, message, type, event } = flags
  if (title === undefined || message === undefined) {
    throw usageFailure(
      `${title === undefined ? '--title' : '--message'} is missing.`,
      'Pass --title and --message, a helper such as --limit-warning Instagram 80, or --name.',
    )
  }
  return {
    title,
    message,
    ...(type === undefined ? {} : { notification_type: type }),
    ...(event === undefined ? {} : { event }),
    ...(data === undefined ? {} : { data }),
  }
}

function readHelpers(flags: NotificationFlags, data: JsonObject | undefined): Helper[] {
  const helpers: Helper[] = []
  if (flags.name !== undefined) {
    if (flags.name === '') throw usageFailure('--name requires the name of a notification of the catalogue.')
    const params = flags.params === undefined ? {} : jsonObject('--params', flags.params)
    helpers.push({ name: flags.name, params })
  }
  if (flags.activity !== undefined) {
    helpers.push({ name: 'activityUpdate', params: { activity: jsonObject('--activity', flags.activity) } })
  }
  if (flags.limitWarning !== undefined) {
    const [appName, percentage, ...users] = flags.limitWarning
    if (appName === undefined || percentage === undefined || !/^\d+(\.\d+)?$/.test(percentage)) {
      throw usageFailure(
        '--limit-warning requires an application and a percentage.',
        'For example: --limit-warning Instagram 80',
      )
    }
    helpers.push({ name: 'limitWarning', params: { app_name: appName, percentage: Number(percentage) }, users })
  }
  if (flags.appBlocked !== undefined) helpers.push({ name: 'appBlocked', params: { app_name: flags.appBlocked } })
  if (flags.challengeUpdate !== undefined) helpers.push(challengeUpdate(flags.challengeUpdate, flags.message, data))
  if (flags.leaderboard !== undefined) {
    helpers.push({
      name: 'leaderboardUpdate',
      params: { challenge_title: flags.leaderboard, leaderboard_data: data ?? {} },
    })
  }
  return helpers
}

function challengeUpdate(
  [title, kind, ...users]: readonly string[],
  message: string | undefined,
  data: JsonObject | undefined,
): Helper {
  if (title === undefined || kind === undefined || message === undefined) {
    throw usageFailure(
      '--challenge-update requires a title, a kind and --message.',
      'For example: --challenge-update "Challenge Octobre" leaderboard_update --message "Vous êtes 2e"',
    )
  }
  const params = { challenge_title: title, update_type: kind, message, ...(data === undefined ? {} : { data }) }
  return { name: 'challengeUpdate', params, users }
}

/** Rejects flags that a helper would ignore, because it makes its own text. */
function refuseBesideHelper(flags: NotificationFlags): void {
  const takesMessage = flags.challengeUpdate !== undefined
  const takesData = takesMessage || flags.leaderboard !== undefined
  const ignored = [
    flags.title === undefined ? null : '--title',
    flags.type === undefined ? null : '--type',
    flags.event === undefined ? null : '--event',
    flags.message === undefined || takesMessage ? null : '--message',
    flags.data === undefined || takesData ? null : '--data',
  ].find((name) => name !== null)
  if (ignored !== undefined)
    throw usageFailure(
      `${ignored} cannot be combined with ${flags.name === undefined ? 'a helper' : '--name'}, which makes its own text.`,
    )
}

function jsonObject(name: string, text: string): JsonObject {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw usageFailure(`${name} is not JSON: ${text}`, `For example: ${name} '{"app_name":"Instagram"}'`)
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw usageFailure(`${name} must be a JSON object such as {"app_name":"Instagram"}.`)
  }
  return value as JsonObject
}
