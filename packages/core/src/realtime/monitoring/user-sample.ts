import type { UserKey } from '../../common/user-id.ts'
import type { UserStream } from '../connections/user-stream.ts'

const hashes = 2 ** 31

/**
 * Returns the numbers of connections of users: of all if there are at most `limit`, otherwise of those with the lowest hashes.
 *
 * @param users how many of the streams have a connection
 */
export function sampleUsers(streams: Iterable<UserStream>, users: number, limit: number): Map<UserKey, number> {
  // A little more than the share that is needed, so that almost all streams are dropped by one comparison.
  const share = users <= limit ? 1 : (1.3 * limit) / users
  const bound = share * hashes
  const low: UserStream[] = []
  for (const stream of streams) {
    if (stream.connections.length > 0 && (users <= limit || stream.hash < bound)) low.push(stream)
  }
  if (users > limit) low.sort((a, b) => a.hash - b.hash)
  return new Map(low.slice(0, limit).map(({ userKey, connections }) => [userKey, connections.length]))
}
