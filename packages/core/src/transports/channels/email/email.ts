import { z } from 'zod'
import type { MailMessage, SendMailOptions, Transporter } from 'nodemailer'
import { ownLanguage } from '../../../common/text/locale.ts'
import { isLoopbackHost } from '../../../net/urls.ts'
import { emailTexts } from '../../../messages/email.ts'
import { checkedOptions } from '../../../schema/option-checks.ts'
import { headerName, headerText, headerUrl, senderDomain } from './email-headers.ts'
import { RetryableDeliveryError } from '../../transport-errors.ts'
import { sendToEach } from '../send-to-each.ts'
import { escapeHtml } from '../../../common/text/escape-html.ts'
import { loadPeer } from '../load-peer.ts'
import { settingsOf, invalidOption, channelForms as forms, channelOptions } from '../channel-options.ts'
import { smtpFailure } from './smtp-failure.ts'
import type {
  DeliveryAttempt,
  OutboundMessage,
  OutboundUser,
  Transport,
  TransportHost,
  TransportSettings,
} from '../../transport.ts'

export interface EmailOptions extends TransportSettings {
  /** `email` when absent. */
  readonly name?: string
  /**
   * The mail server: `smtps://user:password@host` or `smtp://user:password@host:587`, with nodemailer's options as the query. TLS
   * is required unless the server is on this machine or the query says `requireTLS=false`.
   */
  readonly url: string
  /** Such as `Focus <hello@app.example>`. */
  readonly from: string
  readonly replyTo?: string
  /** Where a person is reached; their verified address when absent. */
  readonly addresses?: (user: OutboundUser) => readonly string[] | Promise<readonly string[]>
  /** What a mail says; the notification's title and message when absent. */
  readonly format?: (message: OutboundMessage<string>, unsubscribeUrl: string | null) => EmailContent
  /**
   * How long the server may take to answer once it has the whole mail, in milliseconds; ten minutes, as RFC 5321 §4.5.3.2.6
   * asks. `timeoutMs` holds until then. A mail that is not answered in time may have been taken: it is not sent again by itself.
   */
  readonly answerTimeoutMs?: number
  /** Another address that unsubscribes by one POST (RFC 8058), or false for none; Focus' own when absent. */
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

export interface EmailContent {
  readonly subject: string
  readonly text: string
  readonly html?: string
}

/**
 * Sends notifications by e-mail, as text and HTML, with one-click unsubscription (RFC 2369, RFC 8058) and a `Message-ID` that is the
 * same at every attempt. Needs the package nodemailer, 10.5 or newer. Set by `SMTP_URL` too.
 *
 * @throws FocusError `invalid_option`; at the start `missing_dependency`
 * @example
 * ```ts
 * email({ url: 'smtps://user:password@mail.example', from: 'Focus <hello@app.example>' })
 * ```
 */
export function email(given: EmailOptions): Transport<string> {
  const options = checkedOptions(given, emailOptions, 'email')
  const server = serverOf(options.url)
  const domain = senderDomain(options.from)
  const settings = settingsOf(options, { timeoutMs: 30_000, concurrency: 4 })
  const timeoutMs = settings.timeoutMs ?? 30_000
  const { answerTimeoutMs = 600_000 } = options
  let mailer: Transporter | undefined
  let host: TransportHost | undefined

  async function deliver(message: OutboundMessage<string>, attempt: DeliveryAttempt): Promise<void> {
    const unsubscribeUrl = unsubscribeUrlOf(message)
    const { subject, text, html } = (options.format ?? defaultContent(host))(message, unsubscribeUrl)
    await sendToEach(
      message.to,
      (address) => address,
      attempt,
      (address) =>
        send(
          {
            from: options.from,
            to: { name: headerName(message.user?.fullName ?? ''), address },
            subject: headerText(subject),
            text,
            messageId: `<${attempt.idempotencyKey.replace(':', '.')}@${domain}>`,
            date: new Date(message.timestamp),
            headers: { 'Auto-Submitted': 'auto-generated', ...unsubscribeHeaders(unsubscribeUrl) },
            ...(html === undefined ? {} : { html }),
            ...(options.replyTo === undefined ? {} : { replyTo: options.replyTo }),
          },
          attempt,
        ),
    )
  }

  /** Each mail has a time of its own: one that waits for its answer gives the others of the attempt no more of it. */
  async function send(mail: SendMailOptions, { signal, prolong }: DeliveryAttempt): Promise<void> {
    if (!mailer) throw new RetryableDeliveryError('The transport was not started.')
    const overtime = new AbortController()
    const endAfter = (ms: number) => setTimeout(() => overtime.abort(new Error(`no answer within ${ms} ms`)), ms)
    let timer = endAfter(timeoutMs)
    let handedOver = false
    const onHandedOver = () => {
      handedOver = true
      clearTimeout(timer)
      timer = endAfter(answerTimeoutMs)
      prolong?.(answerTimeoutMs + timeoutMs)
    }
    const ended = AbortSignal.any([signal, overtime.signal])
    try {
      const sending = { ...mail, signal: ended, onHandedOver }
      await mailer.sendMail(sending)
    } catch (error) {
      throw smtpFailure(ended.aborted ? ended.reason : error, handedOver)
    } finally {
      clearTimeout(timer)
    }
  }

  function unsubscribeUrlOf(message: OutboundMessage<string>): string | null {
    if (options.unsubscribe === false) return null
    return options.unsubscribe
      ? options.unsubscribe(message)
      : (host?.unsubscribeUrl(message, options.name ?? 'email') ?? null)
  }

  return {
    ...settings,
    name: options.name ?? 'email',
    addresses: options.addresses ?? ((user) => (user.email !== null && user.emailVerified ? [user.email] : [])),
    async start(given) {
      host = given
      const { createTransport } = await loadPeer('nodemailer', 'email', () => import('nodemailer'))
      mailer = createTransport({
        ...server,
        pool: true,
        maxConnections: settings.concurrency ?? 4,
        connectionTimeout: timeoutMs,
        greetingTimeout: timeoutMs,
        // Longer than any mail is waited for: its own time, which ends the connection, comes first.
        socketTimeout: timeoutMs + answerTimeoutMs,
        // A notification's text must never make the server read a file or fetch a URL.
        disableFileAccess: true,
        disableUrlAccess: true,
      })
      mailer.use('stream', tellWhenHandedOver)
    },
    deliver,
    close: () => mailer?.close(),
  }
}

/** Once the last byte of a mail was read for the server's `DATA`, the final dot follows, and the mail may be taken. */
function tellWhenHandedOver({ data, message }: MailMessage, done: (error?: Error | null) => void): void {
  const tell = 'onHandedOver' in data && typeof data.onHandedOver === 'function' ? data.onHandedOver : null
  if (tell) message.processFunc((content) => content.once('end', () => void tell()))
  done()
}

function unsubscribeHeaders(url: string | null): Record<string, string> {
  const safe = url === null ? null : headerUrl(url)
  return safe === null ? {} : { 'List-Unsubscribe': `<${safe}>`, 'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click' }
}

function defaultContent(host: TransportHost | undefined) {
  return (message: OutboundMessage<string>, unsubscribeUrl: string | null): EmailContent => {
    const language = ownLanguage(message.user?.locale ?? host?.locale ?? 'fr') ?? 'en'
    const { unsubscribe } = emailTexts[language]
    const footer = unsubscribeUrl === null ? '' : `\n\n--\n${unsubscribe}: ${unsubscribeUrl}`
    return {
      subject: message.title,
      text: `${message.message || message.title}${footer}\n`,
      html: htmlOf(message, language, unsubscribeUrl, unsubscribe),
    }
  }
}

function htmlOf(message: OutboundMessage, lang: string, unsubscribeUrl: string | null, unsubscribe: string): string {
  const footer =
    unsubscribeUrl === null
      ? ''
      : `<p style="margin-top:32px;font-size:13px"><a href="${escapeHtml(unsubscribeUrl)}" style="color:#666">${escapeHtml(unsubscribe)}</a></p>`
  return `<!doctype html>
<html lang="${lang}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escapeHtml(message.title)}</title></head>
<body style="margin:0;padding:24px;font:16px/1.5 system-ui,sans-serif;color:#222">
<div style="max-width:560px;margin:0 auto">
<h1 style="font-size:20px;margin:0 0 12px">${escapeHtml(message.title)}</h1>
<p style="margin:0;white-space:pre-line">${escapeHtml(message.message)}</p>
${footer}
</div></body></html>
`
}

/** Nodemailer's options from a URL. @throws FocusError `invalid_option` without the value, which holds a password */
function serverOf(url: string): Record<string, unknown> {
  const parsed = URL.canParse(url) ? new URL(url) : null
  if (parsed === null || !/^smtps?:$/.test(parsed.protocol) || parsed.hostname === '') {
    throw invalidOption(
      'email: the address of the mail server has another form.',
      'Give smtps://user:password@host or smtp://user:password@host:587.',
    )
  }
  const secure = parsed.protocol === 'smtps:'
  const local = isLoopbackHost(parsed.hostname)
  return {
    host: parsed.hostname.replace(/^\[|\]$/g, ''),
    port: parsed.port === '' ? (secure ? 465 : 587) : Number(parsed.port),
    secure,
    // On this machine nobody listens in, and servers for development have certificates that nobody signed.
    ...(local && !secure ? { ignoreTLS: true } : {}),
    requireTLS: !secure && !local && parsed.searchParams.get('requireTLS') !== 'false',
    ...(parsed.username === ''
      ? {}
      : { auth: { user: decodeURIComponent(parsed.username), pass: decodeURIComponent(parsed.password) } }),
  }
}
