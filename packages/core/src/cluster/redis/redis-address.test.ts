import { describe, expect, test } from 'vitest'
import type { FocusError } from '../../common/errors.ts'
import { nameOf, parseRedisUrl } from './redis-address.ts'

const nobody = { username: null, password: null }

describe('REDIS_URL', () => {
  test.each([
    ['redis://localhost', { kind: 'single', tls: false, hosts: ['localhost:6379'], credentials: nobody, database: 0 }],
    [
      ' REDISS://app:p%40ss:w@redis.example:6380/3 ',
      { tls: true, hosts: ['redis.example:6380'], credentials: { username: 'app', password: 'p@ss:w' }, database: 3 },
    ],
    ['redis://:secret@[::1]:7000', { hosts: ['[::1]:7000'], credentials: { username: null, password: 'secret' } }],
    [
      'redis+sentinel://u:p@a,b:26380/main/2?sentinelUser=s&sentinelPassword=t',
      {
        kind: 'sentinel',
        hosts: ['a:26379', 'b:26380'],
        master: 'main',
        database: 2,
        credentials: { username: 'u', password: 'p' },
        sentinelCredentials: { username: 's', password: 't' },
      },
    ],
    ['rediss+cluster://a:7000, b:7001/', { kind: 'cluster', tls: true, hosts: ['a:7000', 'b:7001'] }],
  ])('%s', (url, expected) => {
    const { servers, ...address } = parseRedisUrl(url)
    expect({ ...address, hosts: servers.map(nameOf) }).toMatchObject(expected)
  })

  test.each([
    ['http://localhost:6379', 'it is not a URL of Redis'],
    ['redis://', 'a host is missing'],
    ['redis://host:port', 'a host is not of the form host:port'],
    ['redis://host:70000', 'a port must be a number from 1 to 65535'],
    ['redis://a:1,b:2', 'redis:// names one host; several are redis+cluster:// or redis+sentinel://'],
    ['redis://host/main', 'the database must be a number'],
    ['redis://host/1/2', 'the database must be a number'],
    ['redis+sentinel://a:26379', 'the name of the master is missing'],
    ['redis+sentinel://a/main/x', 'the database must be a number'],
    ['redis+cluster://a/1', 'a Redis Cluster has only the database 0'],
    ['redis://user:p%ss@host', 'a percent sign must start an escape such as %40'],
    ['redis://host?ssl=1', 'the parameter "ssl" is unknown; none is accepted'],
    [
      'redis+sentinel://a/main?user=x',
      'the parameter "user" is unknown; sentinelUser and sentinelPassword are accepted',
    ],
  ])('%s is refused: %s', (url, sentence) => {
    const error = refusalOf(url)
    expect(error).toMatchObject({ code: 'invalid_option', message: `REDIS_URL: ${sentence}.` })
    expect(error?.hint).toMatch(/^Use the form redis/)
  })
})

function refusalOf(url: string): FocusError | null {
  try {
    parseRedisUrl(url)
    return null
  } catch (error) {
    return error as FocusError
  }
}
