import { FocusError } from '../common/errors.ts'
import type { Settings } from '../options/resolve.ts'
import { email } from '../transports/channels/email/email.ts'
import { slack } from '../transports/channels/slack.ts'
import type { Transport } from '../transports/transport.ts'

/** Returns the transports that the application passed, and those of the environment whose names are still free. */
export function configuredTransports({ transports, http }: Settings): readonly Transport[] {
  const { transports: given, slackWebhook, smtpUrl } = transports
  const fromEnvironment = [
    ...(slackWebhook === null ? [] : [forVariable('SLACK_WEBHOOK', () => slack({ url: slackWebhook }))]),
    ...(smtpUrl === null
      ? []
      : [forVariable('SMTP_URL', () => email({ url: smtpUrl, from: senderOf(smtpUrl, http.publicUrl) }))]),
  ]
  return [...given, ...fromEnvironment.filter(({ name }) => !given.some((transport) => transport.name === name))]
}

/** Names the variable in an error, because the application wrote no option of this transport. */
function forVariable(variable: string, create: () => Transport): Transport {
  try {
    return create()
  } catch (error) {
    if (!(error instanceof FocusError)) throw error
    throw new FocusError('invalid_option', `${variable}: ${error.message}`, {
      cause: error,
      ...(error.hint === undefined ? {} : { hint: error.hint }),
    })
  }
}

/** Returns `?from=` of the URL; else its account if that is an address; else an address at the public host. */
function senderOf(smtpUrl: string, publicUrl: string | null): string {
  const url = new URL(smtpUrl)
  const account = decodeURIComponent(url.username)
  const host = publicUrl === null ? 'localhost' : new URL(publicUrl).hostname
  return url.searchParams.get('from') ?? (account.includes('@') ? account : `notifications@${host}`)
}
