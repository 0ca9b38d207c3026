import { z } from 'zod'
import { checkedOptions } from '../../../schema/option-checks.ts'
import type { DeliveryAttempt, OutboundMessage, OutboundUser, Transport, TransportSettings } from '../../transport.ts'
import { channelForms as forms, channelOptions, settingsOf } from '../channel-options.ts'
import { sendToEach } from '../send-to-each.ts'
import { defaultContent, type EmailContent } from './email-content.ts'
import { headerName, headerText, headerUrl, senderDomain } from './email-headers.ts'
import { SmtpMailer } from './smtp-mailer.ts'

/** Settings of `email()`. */
export interface EmailOptions extends TransportSettings {
  /** Default: `email`. */
  readonly name?: string
  /**
   * The mail server: `smtps://user:password@host` or `smtp://user:password@host:587`. TLS is required unless the server is on this
   * machine or the URL ends with `?requireTLS=false`.
   */
  readonly url: string
  /** The sender, such as `Focus <hello@app.example>`. */
  readonly from: string
  readonly replyTo?: string
  /** Returns the addresses of a user. Default: their verified address. */
  readonly addresses?: (user: OutboundUser) => readonly string[] | Promise<readonly string[]>
  /** Returns the content of a mail. Default: the title and message of the notification. */
  readonly format?: (message: OutboundMessage<string>, unsubscribeUrl: string | null) => EmailContent
  /**
   * How long the server may take to answer after it has the whole mail, in milliseconds. Default: ten minutes, as RFC 5321 §4.5.3.2.6
   * requires. `timeoutMs` applies until then. A mail without an answer may have been accepted, so it is not sent again automatically.
   */
  readonly answerTimeoutMs?: number
  /** Returns another URL that unsubscribes with one POST (RFC 8058); false for none. Default: a URL of Focus. */
  readonly unsubscribe?: false | ((message: OutboundMessage<string>) => string | null)
}

const emailOptions = channelOptions<EmailOptions>(
  {
    url: forms.secretText,
    from: forms.text,
    replyTo: forms.text,
    addresses: forms.callback,
    format: forms.callback,
    answerTimeoutMs: forms.milliseconds,
    unsubscribe: {
      accepts: 'a function, or false',
      schema: z.union([forms.callback.schema, z.literal(false)]),
    },
  },
  ['url', 'from'],
)

/**
 * Sends notifications by e-mail, as text and HTML, with one-click unsubscription (RFC 2369, RFC 8058) and a `Message-ID` that is the
 * same at every attempt. Needs the package nodemailer, 10.5 or newer. The environment variable `SMTP_URL` configures it too.
 *
 * @throws FocusError `invalid_option`; at the start `missing_dependency`
 * @example
 * ```ts
 * email({ url: 'smtps://user:password@mail.example', from: 'Focus <hello@app.example>' })
 * ```
 */
export function email(given: EmailOptions): Transport<string> {
  const options = checkedOptions(given, emailOptions, 'email')
  const { url, from, name = 'email', answerTimeoutMs = 600_000 } = options
  const settings = { timeoutMs: 30_000, concurrency: 4, ...settingsOf(options) }
  const { timeoutMs, concurrency: maxConnections } = settings
  const mailer = new SmtpMailer({ url, timeoutMs, answerTimeoutMs, maxConnections })
  const domain = senderDomain(from)
  let locale: 'fr' | 'en' = 'fr'
  let focusUnsubscribeUrl: (message: OutboundMessage) => string | null = () => null

  async function deliver(message: OutboundMessage<string>, attempt: DeliveryAttempt): Promise<void> {
    const unsubscribeUrl = unsubscribeUrlOf(message)
    const { subject, text, html } =
      options.format?.(message, unsubscribeUrl) ?? defaultContent(message, unsubscribeUrl, locale)
    const mail = {
      from,
      subject: headerText(subject),
      text,
      messageId: `<${attempt.idempotencyKey.replace(':', '.')}@${domain}>`,
      date: new Date(message.timestamp),
      headers: { 'Auto-Submitted': 'auto-generated', ...unsubscribeHeaders(unsubscribeUrl) },
      ...(html === undefined ? {} : { html }),
      ...(options.replyTo === undefined ? {} : { replyTo: options.replyTo }),
    }
    const userName = headerName(message.user?.fullName ?? '')
    await sendToEach(
      message.to,
      (address) => address,
      attempt,
      (address) => mailer.send({ ...mail, to: { name: userName, address } }, attempt),
    )
  }

  function unsubscribeUrlOf(message: OutboundMessage<string>): string | null {
    if (options.unsubscribe === false) return null
    return options.unsubscribe ? options.unsubscribe(message) : focusUnsubscribeUrl(message)
  }

  return {
    ...settings,
    name,
    addresses: options.addresses ?? ((user) => (user.email !== null && user.emailVerified ? [user.email] : [])),
    async start(host) {
      locale = host.locale
      focusUnsubscribeUrl = (message) => host.unsubscribeUrl(message, name)
      await mailer.start()
    },
    deliver,
    close: () => mailer.close(),
  }
}

function unsubscribeHeaders(url: string | null): Record<string, string> {
  const safe = url === null ? null : headerUrl(url)
  return safe === null ? {} : { 'List-Unsubscribe': `<${safe}>`, 'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click' }
}
