import type { MailMessage, SendMailOptions, Transporter } from 'nodemailer'
import { isLoopbackHost } from '../../../net/urls.ts'
import { RetryableDeliveryError } from '../../transport-errors.ts'
import type { DeliveryAttempt } from '../../transport.ts'
import { invalidOption } from '../channel-options.ts'
import { loadPeer } from '../load-peer.ts'
import { smtpFailure } from './smtp-failure.ts'

export interface SmtpMailerOptions {
  readonly url: string
  /** How long a mail may take until the server has all of it. */
  readonly timeoutMs: number
  /** How long the server may take to answer after that. */
  readonly answerTimeoutMs: number
  readonly maxConnections: number
}

/** Sends mails to one SMTP server with nodemailer. */
export class SmtpMailer {
  readonly #options: SmtpMailerOptions
  readonly #server: Record<string, unknown>
  #transporter: Transporter | undefined

  /** @throws FocusError `invalid_option` for a malformed URL */
  constructor(options: SmtpMailerOptions) {
    this.#options = options
    this.#server = serverOf(options.url)
  }

  /** @throws FocusError `missing_dependency` when nodemailer is not installed */
  async start(): Promise<void> {
    const { timeoutMs, answerTimeoutMs, maxConnections } = this.#options
    const { createTransport } = await loadPeer('nodemailer', 'email', () => import('nodemailer'))
    this.#transporter = createTransport({
      ...this.#server,
      pool: true,
      maxConnections,
      connectionTimeout: timeoutMs,
      greetingTimeout: timeoutMs,
      // Longer than the timer of any mail, which ends the connection first.
      socketTimeout: timeoutMs + answerTimeoutMs,
      // The text of a notification must never make the server read a file or fetch a URL.
      disableFileAccess: true,
      disableUrlAccess: true,
    })
    this.#transporter.use('stream', callOnHandedOver)
  }

  /**
   * Sends one mail. Each mail has its own timer: a mail that waits for its answer gives the other mails of the attempt no more time.
   *
   * @throws PermanentDeliveryError, RetryableDeliveryError, UncertainDeliveryError
   */
  async send(mail: SendMailOptions, { signal, prolong }: DeliveryAttempt): Promise<void> {
    if (!this.#transporter) throw new RetryableDeliveryError('The transport was not started.')
    const { timeoutMs, answerTimeoutMs } = this.#options
    const timeout = new AbortController()
    const endAfter = (ms: number) => setTimeout(() => timeout.abort(new Error(`no answer within ${ms} ms`)), ms)
    let timer = endAfter(timeoutMs)
    let handedOver = false
    const onHandedOver = () => {
      handedOver = true
      clearTimeout(timer)
      timer = endAfter(answerTimeoutMs)
      prolong?.(answerTimeoutMs + timeoutMs)
    }
    const ended = AbortSignal.any([signal, timeout.signal])
    try {
      const sending = { ...mail, signal: ended, onHandedOver }
      await this.#transporter.sendMail(sending)
    } catch (error) {
      throw smtpFailure(ended.aborted ? ended.reason : error, handedOver)
    } finally {
      clearTimeout(timer)
    }
  }

  close(): void {
    this.#transporter?.close()
  }
}

/** Calls `onHandedOver` once the last byte of a mail was read for `DATA`. From then on the server may have accepted the mail. */
function callOnHandedOver({ data, message }: MailMessage, done: (error?: Error | null) => void): void {
  const call = 'onHandedOver' in data && typeof data.onHandedOver === 'function' ? data.onHandedOver : null
  if (call) message.processFunc((content) => content.once('end', () => void call()))
  done()
}

/**
 * Returns nodemailer's options for a URL.
 *
 * @throws FocusError `invalid_option`, without the URL, which contains a password
 */
function serverOf(url: string): Record<string, unknown> {
  const parsed = URL.canParse(url) ? new URL(url) : null
  if (parsed === null || !/^smtps?:$/.test(parsed.protocol) || parsed.hostname === '') {
    throw invalidOption(
      'email: url is not the address of a mail server.',
      'Use smtps://user:password@host or smtp://user:password@host:587.',
    )
  }
  const secure = parsed.protocol === 'smtps:'
  const local = isLoopbackHost(parsed.hostname)
  return {
    host: parsed.hostname.replace(/^\[|\]$/g, ''),
    port: parsed.port === '' ? (secure ? 465 : 587) : Number(parsed.port),
    secure,
    // A connection to this machine needs no encryption, and development servers have self-signed certificates.
    ...(local && !secure ? { ignoreTLS: true } : {}),
    requireTLS: !secure && !local && parsed.searchParams.get('requireTLS') !== 'false',
    ...(parsed.username === ''
      ? {}
      : { auth: { user: decodeURIComponent(parsed.username), pass: decodeURIComponent(parsed.password) } }),
  }
}
