import { RedisBroker } from '../../../src/cluster/redis/redis-broker.ts'
import { type Logger, silentLogger } from '../../../src/common/logging/logger.ts'

interface Options {
  readonly url: string
  readonly node?: string
  readonly cluster?: string
  readonly logger?: Logger
}

/** Opens the broker of a node as the composition does it. */
export function openRedisBroker({
  url,
  node = 'n1',
  cluster = 'test',
  logger = silentLogger,
}: Options): Promise<RedisBroker> {
  return RedisBroker.open({ url, node, cluster, logger, debug: Object.assign(() => undefined, { enabled: false }) })
}
