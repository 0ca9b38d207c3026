import { FocusError } from '../../common/errors.ts'

/** A host and port of a Redis, a Sentinel or a node of a Redis Cluster. */
export interface RedisServer {
  readonly host: string
  readonly port: number
}

/** A user name and password; both null when the server asks for none. */
export interface RedisCredentials {
  readonly username: string | null
  readonly password: string | null
}

/** Where a Redis is, as `REDIS_URL` says it. */
export interface RedisAddress {
  /** The server itself, Sentinels that know it, or nodes of a Redis Cluster. A `single` server may turn out to be one of a Cluster. */
  readonly kind: 'single' | 'sentinel' | 'cluster'
  readonly servers: readonly RedisServer[]
  readonly tls: boolean
  readonly credentials: RedisCredentials
  readonly database: number
  /** The name under which the Sentinels know the master; empty for other kinds. */
  readonly master: string
  readonly sentinelCredentials: RedisCredentials
}

const form = /^(rediss?)(?:\+(sentinel|cluster))?:\/\/(?:([^/]*)@)?([^/?#]*)(?:\/([^?#]*))?(?:\?([^#]*))?$/i
const defaultPorts = { single: 6379, cluster: 6379, sentinel: 26_379 } as const
const examples = {
  single: 'redis://user:password@host:6379/0',
  sentinel: 'redis+sentinel://user:password@host:26379,host:26379/master',
  cluster: 'redis+cluster://user:password@host:6379,host:6379',
} as const

/**
 * Reads a `REDIS_URL`: `redis://`, `redis+sentinel://` or `redis+cluster://`, with TLS `rediss://`, `rediss+sentinel://` or
 * `rediss+cluster://`.
 *
 * @throws FocusError `invalid_option`, without the URL, which may contain a password
 */
export function parseRedisUrl(url: string): RedisAddress {
  const parts = form.exec(url.trim())
  if (parts === null) throw wrong('single', 'it is not a URL of Redis')
  const [, scheme = '', suffix = '', login, hosts = '', path = '', query = ''] = parts
  const kind = suffix === '' ? 'single' : (suffix.toLowerCase() as 'sentinel' | 'cluster')
  const servers = hosts.split(',').map((host) => parseServer(kind, host.trim()))
  if (kind === 'single' && servers.length > 1) {
    throw wrong('single', 'redis:// names one host; several are redis+cluster:// or redis+sentinel://')
  }
  return {
    kind,
    servers,
    tls: scheme.toLowerCase() === 'rediss',
    credentials: parseLogin(kind, login ?? ''),
    ...parsePath(kind, path),
    sentinelCredentials: parseQuery(kind, query),
  }
}

/** Returns `host:port`, for messages. */
export function nameOf({ host, port }: RedisServer): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

function parseServer(kind: RedisAddress['kind'], text: string): RedisServer {
  const parts = /^(?:\[([0-9a-f:.]+)\]|([^:[\]\s]+))(?::(\d+))?$/i.exec(text)
  if (parts === null) throw wrong(kind, text === '' ? 'a host is missing' : 'a host is not of the form host:port')
  const port = parts[3] === undefined ? defaultPorts[kind] : Number(parts[3])
  if (port < 1 || port > 65_535) throw wrong(kind, 'a port must be a number from 1 to 65535')
  return { host: parts[1] ?? parts[2] ?? '', port }
}

function parseLogin(kind: RedisAddress['kind'], login: string): RedisCredentials {
  const [username = '', ...password] = login.split(':')
  return { username: decoded(kind, username), password: decoded(kind, password.join(':')) }
}

function parsePath(kind: RedisAddress['kind'], path: string): { master: string; database: number } {
  const [first = '', second = '', ...more] = path.split('/')
  const [master, number] = kind === 'sentinel' ? [decoded(kind, first) ?? '', second] : ['', first]
  if (kind === 'sentinel' && master === '') throw wrong(kind, 'the name of the master is missing')
  if (more.length > 0 || (kind !== 'sentinel' && second !== '') || !/^\d{0,5}$/.test(number)) {
    throw wrong(kind, 'the database must be a number')
  }
  const database = Number(number)
  if (kind === 'cluster' && database !== 0) throw wrong(kind, 'a Redis Cluster has only the database 0')
  return { master, database }
}

function parseQuery(kind: RedisAddress['kind'], query: string): RedisCredentials {
  const values = new URLSearchParams(query)
  for (const name of values.keys()) {
    const known = kind === 'sentinel' && (name === 'sentinelUser' || name === 'sentinelPassword')
    if (known) continue
    const accepted = kind === 'sentinel' ? 'sentinelUser and sentinelPassword are' : 'none is'
    throw wrong(kind, `the parameter ${JSON.stringify(name.slice(0, 40))} is unknown; ${accepted} accepted`)
  }
  return { username: values.get('sentinelUser') || null, password: values.get('sentinelPassword') || null }
}

function decoded(kind: RedisAddress['kind'], text: string): string | null {
  try {
    return decodeURIComponent(text) || null
  } catch {
    throw wrong(kind, 'a percent sign must start an escape such as %40')
  }
}

function wrong(kind: RedisAddress['kind'], what: string): FocusError {
  return new FocusError('invalid_option', `REDIS_URL: ${what}.`, { hint: `Use the form ${examples[kind]}.` })
}
