import { expect, test } from 'vitest'
import { userHash } from '../../common/users/user-hash.ts'
import type { Connection } from '../connections/connection.ts'
import { UserStream } from '../connections/user-stream.ts'
import { sampleUsers } from './user-sample.ts'

const connection = {} as Connection

function streamsOf(count: number, connections = 1): UserStream[] {
  return Array.from({ length: count }, (_, index) => {
    const stream = new UserStream(`user-${index}`)
    stream.connections = Array.from({ length: connections }, () => connection)
    return stream
  })
}

test('names all users of a small node with their connections, and none without a connection', () => {
  const streams = [...streamsOf(2, 3), new UserStream('gone')]
  expect(sampleUsers(streams, 2, 10)).toEqual(
    new Map([
      ['user-0', 3],
      ['user-1', 3],
    ]),
  )
})

test('names the users with the lowest hashes of a large node', () => {
  const streams = streamsOf(20_000)
  const lowest = streams
    .map(({ userKey }) => userKey)
    .sort((a, b) => userHash(a) - userHash(b))
    .slice(0, 1_000)
  expect([...sampleUsers(streams, 20_000, 1_000).keys()]).toEqual(lowest)
})

test('spreads the hashes of similar keys', () => {
  const below = streamsOf(10_000).filter(({ hash }) => hash < 2 ** 31 / 10).length
  expect(below).toBeGreaterThan(900)
  expect(below).toBeLessThan(1_100)
})
