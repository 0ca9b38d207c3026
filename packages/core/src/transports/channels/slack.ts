import type { JsonObject } from '../../common/json.ts'
import type { Clock } from '../../common/runtime.ts'
import { shorten, shortenTo } from '../../common/text/shorten.ts'
import { checkedOptions } from '../../schema/option-checks.ts'
import { errorOfAnswer, postToPeer } from './http-post.ts'
import { PermanentDeliveryError, UncertainDeliveryError } from '../transport-errors.ts'
import { digest } from './send-to-each.ts'
import { UnansweredRequestError } from '../../net/net-errors.ts'
import { checkOutgoingUrl, type UrlTrust } from '../../net/outgoing/outgoing-url.ts'
import { settingsOf, invalidOption, channelForms as forms, channelOptions } from './channel-options.ts'
import type { DeliveryAttempt, OutboundMessage, Transport, TransportSettings } from '../transport.ts'

/** Settings of `slack()`. */
export interface SlackOptions extends TransportSettings {
  /** Default: `slack`. */
  readonly name?: string
  /** The incoming webhook of a channel: `https://hooks.slack.com/services/…`. It is a secret: anyone who has it can post. */
  readonly url: string
  /** Returns the payload. Default: title, message and topic as blocks. */
  readonly format?: (message: OutboundMessage) => JsonObject
  /** Allows a URL in the private network. */
  readonly allowPrivateNetwork?: boolean
}

const slackOptions = channelOptions<SlackOptions>(
  { url: forms.secretText, format: forms.callback, allowPrivateNetwork: forms.yesOrNo },
  ['url'],
)

/** Slack accepts about one message per second from an incoming webhook. */
const slackRate = { count: 1, perMs: 1_000 }
/** From this attempt on, a message that Slack may have accepted without an answer is not sent again. */
const maxUnanswered = 3
/** Answers after which the URL accepts no message any more. */
const hookIsGone = /^(?:no_service|no_service_id|no_active_hooks|no_team|team_disabled|invalid_token)\b/

/**
 * Posts every notification to one Slack channel, broadcasts included, at the rate that Slack accepts. The environment variable
 * `SLACK_WEBHOOK` configures it too.
 *
 * @throws FocusError `invalid_option`
 * @see https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks
 * @example
 * ```ts
 * slack({ url: process.env.SLACK_WEBHOOK })
 * ```
 */
export function slack(given: SlackOptions): Transport {
  const options = checkedOptions(given, slackOptions, 'slack')
  const { url, name = 'slack', format = slackPayload } = options
  const trust: UrlTrust = options.allowPrivateNetwork === true ? 'anywhere' : 'configured'
  try {
    checkOutgoingUrl(url, trust)
  } catch (error) {
    throw invalidOption(
      `slack: ${(error as Error).message}`,
      'Copy the Webhook URL from your app at https://api.slack.com/apps, Incoming Webhooks.',
    )
  }
  let clock: Clock = Date.now

  async function deliver(message: OutboundMessage, { signal, attempt }: DeliveryAttempt): Promise<void> {
    const body = JSON.stringify(format(message))
    const headers = { 'content-type': 'application/json; charset=utf-8' }
    const answer = await postToPeer({ url, body, headers, signal, trust }).catch((error: unknown) => {
      // Slack does not detect copies: one missing message is better than the same message twenty times in a channel.
      if (error instanceof UnansweredRequestError && attempt >= maxUnanswered) {
        throw new UncertainDeliveryError('Slack received the message and gave no answer.', { cause: error })
      }
      throw error
    })
    if (answer.ok) return
    const reason = /^[a-z_]{1,60}$/.exec(answer.body.trim())?.[0] ?? ''
    if (hookIsGone.test(reason) || answer.status === 410) {
      throw new PermanentDeliveryError(`Slack answered ${answer.status} (${reason || 'gone'}).`, {
        disable: reason !== 'channel_is_archived',
        category: 'gone',
      })
    }
    throw errorOfAnswer(answer, 'Slack', clock, reason)
  }

  return {
    rate: slackRate,
    concurrency: 1,
    ...settingsOf(options),
    name,
    fingerprint: digest(url),
    start: (host) => void (clock = host.clock),
    deliver,
  }
}

/** The limits of Block Kit, in characters after escaping. */
const maxHeader = 150
const maxSection = 3_000
/** Slack cuts longer texts itself, even in the middle of an entity. */
const maxText = 38_000
const icons: Readonly<Record<string, string>> = {
  info: ':information_source:',
  success: ':white_check_mark:',
  warning: ':warning:',
  error: ':x:',
}

/** Returns the payload for a notification: blocks for the channel, and one line for places that show only text. */
export function slackPayload(message: OutboundMessage): JsonObject {
  const title = shorten(message.title, maxHeader)
  const userName = message.user === null ? null : (message.user.fullName ?? message.user.email ?? `#${message.user.id}`)
  const context = [message.event, userName, message.count > 1 ? `×${message.count}` : null].filter(
    (part) => part !== null,
  )
  const blocks: JsonObject[] = [
    { type: 'header', text: { type: 'plain_text', text: title, emoji: false } },
    ...(message.message === ''
      ? []
      : [{ type: 'section', text: { type: 'mrkdwn', text: mrkdwn(message.message, maxSection) } }]),
    ...(context.length === 0
      ? []
      : [
          {
            type: 'context',
            elements: [{ type: 'mrkdwn', text: mrkdwn(context.join(' · '), maxSection) }],
          },
        ]),
  ]
  const icon = icons[message.type]
  return {
    text: `${icon === undefined ? '' : `${icon} `}*${escapeMrkdwn(title)}* ${mrkdwn(message.message, maxText)}`.trim(),
    blocks,
  }
}

/** Escapes the three characters that have a meaning in Slack; mentions and links start with `<`. */
function escapeMrkdwn(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}

/** Escapes a text that has at most `max` characters afterwards. It is shortened before, so that no entity is cut in half. */
function mrkdwn(text: string, max: number): string {
  return escapeMrkdwn(shortenTo(text, max, (short) => escapeMrkdwn(short).length))
}
