import { PermanentDeliveryError, RetryableDeliveryError, UncertainDeliveryError } from '../../transport-errors.ts'

/** The part of an SMTP session that failed (RFC 5321 §3.3): before the mail, its sender, a recipient, or its content. */
type Phase = 'session' | 'sender' | 'recipient' | 'content'

type Verdict =
  /** About the recipient or the message: it will never be accepted. */
  | 'final'
  /** About the sender: our account, address, quota or server. The mail may be accepted once that is fixed. */
  | 'ours'

interface Rule {
  readonly phases: readonly Phase[]
  /** The start of the enhanced status code (RFC 3463 §3), or `none` for an answer without one. */
  readonly enhanced: RegExp | 'none'
  /** The reply codes (RFC 5321 §4.2.3); all when absent. */
  readonly codes?: readonly number[]
  readonly verdict: Verdict
}

const everywhere: readonly Phase[] = ['session', 'sender', 'recipient', 'content']

/**
 * The rules for permanent refusals (5yz); the first rule that matches counts. Servers answer 550 for many reasons, so the phase and
 * the enhanced status code decide (RFC 3463 §3.2 to §3.8). A refusal that no rule matches is tried again, because a retry costs
 * little and a mail that is given up is lost.
 */
const rules: readonly Rule[] = [
  // Before a recipient is named, nothing can be about one: 530 authentication required, 535 refused, 550 for our address.
  { phases: ['session', 'sender'], enhanced: /^/, verdict: 'ours' },
  { phases: everywhere, enhanced: /^/, codes: [503, 530, 534, 535, 538], verdict: 'ours' },
  // 5.7.z: policy and authentication; a relay that is not open to us, a sender that is blocked.
  { phases: everywhere, enhanced: /^5\.7\./, verdict: 'ours' },
  // 5.1.7 and 5.1.8: our own address is wrong, or our own domain.
  { phases: everywhere, enhanced: /^5\.1\.[78]$/, verdict: 'ours' },
  // 5.1.z: the recipient's address. 5.2.1: their mailbox is closed; 5.2.3: the mail is too long for it.
  { phases: ['recipient', 'content'], enhanced: /^5\.1\./, verdict: 'final' },
  { phases: ['recipient', 'content'], enhanced: /^5\.2\.[134]$/, verdict: 'final' },
  // 5.2.2: a full mailbox, which may be emptied. 5.3.z: the mail system; only 5.3.4, too big, is about the mail.
  { phases: everywhere, enhanced: /^5\.3\.4$/, verdict: 'final' },
  // 5.4.z: routes, and quotas of senders (5.4.5). 5.5.z: the protocol, so the software on both sides.
  { phases: everywhere, enhanced: /^5\.[2345]\./, verdict: 'ours' },
  // 5.6.z: the content.
  { phases: ['content'], enhanced: /^5\.6\./, verdict: 'final' },
  // Without an enhanced code, or with one that says nothing (5.0.z): the reply codes that RFC 5321 gives mailboxes; 556 is RFC 7504's.
  { phases: ['recipient'], enhanced: /^5\.0\./, codes: [550, 551, 553, 556], verdict: 'final' },
  { phases: ['recipient'], enhanced: 'none', codes: [550, 551, 553, 556], verdict: 'final' },
  { phases: ['content'], enhanced: /^5\.0\./, codes: [550, 552, 554], verdict: 'final' },
  { phases: ['content'], enhanced: 'none', codes: [550, 552, 554], verdict: 'final' },
]

/**
 * Returns the delivery error for an error of nodemailer.
 *
 * @param handedOver whether the server has the whole mail and may have accepted it
 */
export function smtpFailure(error: unknown, handedOver: boolean): Error {
  const { code, command, responseCode, response } = fieldsOf(error)
  if (responseCode !== null) {
    const enhanced = /^\d{3}[ -](\d\.\d{1,3}\.\d{1,3})/.exec(response)?.[1] ?? null
    const said = `The mail server answered ${responseCode}${enhanced === null ? '' : ` ${enhanced}`}${about(command)}.`
    if (responseCode < 500) return new RetryableDeliveryError(said, { category: 'unavailable', cause: error })
    return verdictOf(phaseOf(code, command), responseCode, enhanced) === 'final'
      ? new PermanentDeliveryError(said, { cause: error })
      : new RetryableDeliveryError(said, { category: 'account', cause: error })
  }
  if (handedOver)
    return new UncertainDeliveryError(`${describe(error)} after the whole mail was sent.`, { cause: error })
  const message = `The mail was not sent: ${describe(error)}.`
  // Nodemailer itself refuses a malformed recipient, and a mail beyond the server's size limit, before it sends them.
  const unsendable = (code === 'EENVELOPE' && !/sender/i.test(message)) || code === 'EMESSAGE'
  if (unsendable) return new PermanentDeliveryError(message, { cause: error })
  const category = code === 'EDNS' ? 'unresolved' : code === 'ETIMEDOUT' ? 'timeout' : 'unreachable'
  return new RetryableDeliveryError(message, { category, cause: error })
}

function verdictOf(phase: Phase, code: number, enhanced: string | null): Verdict {
  const rule = rules.find(
    ({ phases, codes, enhanced: wanted }) =>
      phases.includes(phase) &&
      (codes?.includes(code) ?? true) &&
      (wanted === 'none' ? enhanced === null : wanted.test(enhanced ?? '')),
  )
  return rule?.verdict ?? 'ours'
}

function phaseOf(code: string, command: string): Phase {
  if (command.startsWith('MAIL')) return 'sender'
  if (command.startsWith('RCPT')) return 'recipient'
  return command.startsWith('DATA') || code === 'EMESSAGE' ? 'content' : 'session'
}

function about(command: string): string {
  return /^(?:MAIL FROM|RCPT TO|DATA|AUTH)/.test(command) ? ` to ${command}` : ''
}

function fieldsOf(error: unknown): { code: string; command: string; response: string; responseCode: number | null } {
  const given = typeof error === 'object' && error !== null ? error : {}
  const text = (value: unknown) => (typeof value === 'string' ? value : '')
  return {
    code: 'code' in given ? text(given.code) : '',
    command: 'command' in given ? text(given.command) : '',
    response: 'response' in given ? text(given.response) : '',
    responseCode: 'responseCode' in given && typeof given.responseCode === 'number' ? given.responseCode : null,
  }
}

function describe(error: unknown): string {
  return (error instanceof Error ? error.message : 'no reason was given').replace(/\.$/, '')
}
