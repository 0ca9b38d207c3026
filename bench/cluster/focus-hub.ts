import { RedisBroker } from '../../packages/core/src/cluster/redis/redis-broker.ts'
import { nodeId } from '../../packages/core/src/cluster/node-ids.ts'
import { debugSource } from '../../packages/core/src/common/logging/debug.ts'
import { silentLogger } from '../../packages/core/src/common/logging/logger.ts'
import { focus } from '../realtime/contestants/focus.ts'
import type { ClusterContestant } from './contestant.ts'

/** The hub with its broker on Redis, on events that are already committed: what a node does after the commit. */
export async function focusHub(redisUrl: string): Promise<ClusterContestant> {
  const driver = await RedisBroker.open({
    url: redisUrl,
    // Receivers drop messages whose sender is not the node that signed them.
    node: nodeId(`bench-${process.pid}`, ''),
    cluster: 'bench',
    secrets: ['a secret of the benchmark that is long enough'],
    logger: silentLogger,
    debug: debugSource(undefined, null)('broker'),
  })
  let received = 0
  driver.onMessage((message) => {
    if (message.kind === 'notifications') received += message.events.length
  })
  const contestant = focus(undefined, driver)
  return {
    listen: () => contestant.listen(),
    notify(user) {
      void contestant.notify(user)
      return undefined
    },
    tokens: async (count) => Array.from({ length: count }, (_, index) => String(index)),
    received: async () => received,
  }
}
