import { probeRedis } from '@focus-api/core/internal'
import { failed, type Finding, ok, reasonOf } from './finding.ts'

/** Checks that messages of nodes travel through the Redis of an address: a single server, Sentinels or a Cluster. */
export async function checkRedis(address: string): Promise<Finding> {
  try {
    const servers = await probeRedis(address)
    return ok('redis', `${servers.join(', ')} ${servers.length === 1 ? 'carries' : 'carry'} messages between nodes`)
  } catch (error) {
    const hint: unknown = error instanceof Error ? Reflect.get(error, 'hint') : undefined
    return failed('redis', reasonOf(error), typeof hint === 'string' ? hint : 'Check REDIS_URL.')
  }
}
