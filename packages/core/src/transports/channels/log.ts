import type { Logger } from '../../common/logging/logger.ts'
import { objectWith } from '../../schema/option-forms.ts'
import { checkedOptions } from '../../schema/option-checks.ts'
import { settingsOf, channelOptions } from './channel-options.ts'
import type { Transport, TransportSettings } from '../transport.ts'

/** Settings of `log()`. */
export interface LogOptions extends TransportSettings {
  /** Default: `log`. */
  readonly name?: string
  /** Default: the logger of `createFocus()`. */
  readonly logger?: Pick<Logger, 'info'>
}

const logOptions = channelOptions<LogOptions>({ logger: objectWith<Pick<Logger, 'info'>>('info') })

/**
 * Writes one log line for every notification with its user, topic, title and idempotency key. For development and audit trails.
 *
 * @example
 * ```ts
 * createFocus({ transports: [log()], logger: console })
 * ```
 */
export function log(given: LogOptions = {}): Transport {
  const options = checkedOptions(given, logOptions, 'log')
  let logger = options.logger
  return {
    ...settingsOf(options),
    name: options.name ?? 'log',
    start(host) {
      logger ??= host.logger
    },
    async deliver(message, { attempt, idempotencyKey }) {
      logger?.info('notification', {
        user: message.user?.key ?? null,
        title: message.title,
        type: message.type,
        event: message.event,
        count: message.count,
        idempotencyKey,
        attempt,
      })
    },
  }
}
