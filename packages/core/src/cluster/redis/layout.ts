import type { ConnectionSettings, OpenRedis, RedisClient } from './redis-client.ts'
import { nameOf, type RedisAddress, type RedisServer } from './redis-address.ts'
import { explainFailure, passing, unknownMaster } from './redis-failure.ts'
import { slotCount } from './cluster-slots.ts'

/** Which server carries which channel. */
export interface Layout {
  readonly servers: readonly RedisServer[]
  /** For a Redis Cluster the index in `servers` of each slot's master, otherwise null. */
  readonly serverOfSlot: Uint16Array | null
}

/**
 * Finds the servers behind an address: the master that the Sentinels name, the masters of a Cluster, or the server itself.
 *
 * @param known servers that were found before, asked in addition
 * @throws RedisFailure
 */
export function findLayout(open: OpenRedis, address: RedisAddress, known: readonly RedisServer[]): Promise<Layout> {
  if (address.kind === 'sentinel') {
    const settings = { tls: address.tls, credentials: address.sentinelCredentials, database: 0 }
    return askAny(open, address.servers, settings, (client, sentinel) => askSentinel(client, sentinel, address.master))
  }
  const seeds = uniqueServers([...known, ...address.servers])
  return askAny(open, seeds, address, (client, server) => askServer(client, server, address.kind === 'cluster'))
}

/** Whether two layouts mean the same servers for the same slots. */
export function isSameLayout(a: Layout, b: Layout): boolean {
  const names = (layout: Layout) => layout.servers.map(nameOf).join()
  if (names(a) !== names(b)) return false
  const [one, other] = [a.serverOfSlot, b.serverOfSlot]
  return one === null || other === null ? one === other : one.every((server, slot) => server === other[slot])
}

/** Asks all servers at once and returns the first useful answer; a definitive refusal outweighs servers that are away. */
async function askAny<T>(
  open: OpenRedis,
  servers: readonly RedisServer[],
  settings: ConnectionSettings,
  ask: (client: RedisClient, server: RedisServer) => Promise<T>,
): Promise<T> {
  try {
    return await Promise.any(servers.map((server) => askOne(open, server, settings, ask)))
  } catch (error) {
    const failures = (error as AggregateError).errors.map((failure, index) =>
      explainFailure(failure, servers[index] ?? { host: '', port: 0 }),
    )
    throw failures.find(({ definitive }) => definitive) ?? failures[0]
  }
}

async function askOne<T>(
  open: OpenRedis,
  server: RedisServer,
  settings: ConnectionSettings,
  ask: (client: RedisClient, server: RedisServer) => Promise<T>,
): Promise<T> {
  const client = await open(server, settings, () => undefined)
  // A server that stops answering now rejects the question.
  const timer = setTimeout(() => client.destroy(), 1_000)
  try {
    return await ask(client, server)
  } finally {
    clearTimeout(timer)
    client.destroy()
  }
}

async function askSentinel(client: RedisClient, sentinel: RedisServer, master: string): Promise<Layout> {
  const answer = await client.sendCommand(['SENTINEL', 'get-master-addr-by-name', master])
  if (!Array.isArray(answer)) throw unknownMaster(master, sentinel)
  return { servers: [{ host: String(answer[0]), port: Number(answer[1]) }], serverOfSlot: null }
}

async function askServer(client: RedisClient, server: RedisServer, isCluster: boolean): Promise<Layout> {
  if (!isCluster && !(await isClusterNode(client))) return { servers: [server], serverOfSlot: null }
  return layoutOf(await client.sendCommand(['CLUSTER', 'SLOTS']), server)
}

async function isClusterNode(client: RedisClient): Promise<boolean> {
  try {
    return /^cluster_enabled:1/m.test(String(await client.sendCommand(['INFO', 'cluster'])))
  } catch (error) {
    // The user may not use INFO, or the server does not have it: it is a single server then.
    if (error instanceof Error && /^(NOPERM|ERR unknown command)/.test(error.message)) return false
    throw error
  }
}

/** Reads the answer of CLUSTER SLOTS: `[first, last, [host, port, …], …replicas]` for each range. */
function layoutOf(answer: unknown, asked: RedisServer): Layout {
  const servers: RedisServer[] = []
  const serverOfSlot = new Uint16Array(slotCount)
  let covered = 0
  for (const [first, last, master] of answer as [number, number, [string | null, number]][]) {
    const host = master[0] === null || master[0] === '' || master[0] === '?' ? asked.host : master[0]
    const server = { host, port: master[1] }
    let index = servers.findIndex((known) => nameOf(known) === nameOf(server))
    if (index === -1) index = servers.push(server) - 1
    serverOfSlot.fill(index, first, last + 1)
    covered += last + 1 - first
  }
  if (covered < slotCount) throw passing(`The Redis Cluster of ${nameOf(asked)} does not serve all slots.`)
  return { servers, serverOfSlot }
}

function uniqueServers(servers: readonly RedisServer[]): RedisServer[] {
  return [...new Map(servers.map((server) => [nameOf(server), server])).values()]
}
