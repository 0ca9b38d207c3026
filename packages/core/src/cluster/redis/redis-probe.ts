import { randomBytes } from 'node:crypto'
import { withTimeout } from '../../common/async/with-timeout.ts'
import { nameOf, parseRedisUrl } from './redis-address.ts'
import { loadRedis } from './redis-client.ts'
import { passing, RedisFailure } from './redis-failure.ts'
import { RedisSession } from './redis-session.ts'

const arrivalMs = 2_000

/**
 * Connects to a Redis as a node does, and sends a message to itself. Returns the servers that carry the messages.
 *
 * @throws FocusError `missing_dependency`; `invalid_option` when Redis cannot be used, with the reason and a hint
 */
export async function probeRedis(url: string): Promise<readonly string[]> {
  const address = parseRedisUrl(url)
  const open = await loadRedis()
  const cluster = `doctor-${randomBytes(6).toString('hex')}`
  const arrived = Promise.withResolvers<void>()
  // A loss that nobody waits for any more.
  arrived.promise.catch(() => undefined)
  const onPayload = (payload: string) => {
    if (payload === cluster) arrived.resolve()
  }
  try {
    const session = await RedisSession.open({ open, address, cluster, node: cluster, onPayload }, [], arrived.reject)
    try {
      const sent = session.publish([[session.channels.all, cluster]])
      await withTimeout(Promise.all([sent, arrived.promise]), arrivalMs, () =>
        passing('Redis takes messages and does not pass them on to subscribers.'),
      )
      return session.layout.servers.map(nameOf)
    } finally {
      session.close()
    }
  } catch (error) {
    throw error instanceof RedisFailure ? error.toFocusError() : error
  }
}
