import type { Logger } from '../../common/logging/logger.ts'
import { objectWith } from '../../schema/option-forms.ts'
import { checkedOptions } from '../../schema/option-checks.ts'
import { settingsOf, channelOptions } from './channel-options.ts'
import type { Transport, TransportSettings } from '../transport.ts'

export interface LogOptions extends TransportSettings {
  /** `log` when absent. */
  readonly name?: string
  /** Where to; the logger of `createFocus` when absent. */
  readonly logger?: Pick<Logger, 'info'>
}

const logOptions = channelOptions<LogOptions>({ logger: objectWith<Pick<Logger, 'info'>>('info') })

/**
 * Writes a line for every notification: whose it is, its topic, title and ids. For development, and for audit
 * trails.
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
