import { freePort } from './ports.ts'
import { runRedis } from './redis.ts'
import { until } from './redis-sentinels.ts'
import { exchange, type ServerProcess } from './server-process.ts'

export interface RedisCluster {
  /** `redis+cluster://…` with two of the masters. */
  readonly url: string
  /** Three masters. The first one has a replica, which takes over when the master is silent for a second. */
  readonly masters: readonly ServerProcess[]
  readonly replica: ServerProcess
  stop(): Promise<void>
}

const ranges = ['0 5460', '5461 10922', '10923 16383']

/** Starts a Redis Cluster of three masters and a replica of the first one. */
export async function startRedisCluster(): Promise<RedisCluster> {
  const nodes = await Promise.all([1, 2, 3, 4].map(startNode))
  const [first, second, third, replica] = nodes as [ServerProcess, ServerProcess, ServerProcess, ServerProcess]
  const masters = [first, second, third]
  for (const [index, { port }] of masters.entries()) await command(port, `CLUSTER ADDSLOTSRANGE ${ranges[index]}`)
  for (const { port } of nodes.slice(1)) {
    await command(first.port, `CLUSTER MEET 127.0.0.1 ${port} ${busPortOf(port)}`)
  }
  await until(replica.port, 'CLUSTER INFO\r\n', /cluster_known_nodes:4[^]*cluster_size:3/)
  const id = /\$40\r\n([0-9a-f]{40})/.exec(await exchange(first.port, 'CLUSTER MYID\r\n'))?.[1]
  await command(replica.port, `CLUSTER REPLICATE ${id}`)
  await until(replica.port, 'INFO replication\r\n', /master_link_status:up/)
  for (const { port } of nodes) {
    await until(port, 'CLUSTER INFO\r\n', /cluster_state:ok/)
    // The failover is voted on by masters that know the replica.
    await until(port, 'CLUSTER NODES\r\n', /slave/)
  }
  return {
    url: `redis+cluster://127.0.0.1:${first.port},127.0.0.1:${second.port}`,
    masters,
    replica,
    stop: async () => void (await Promise.all(nodes.map((node) => node.stop()))),
  }
}

const busPorts = new Map<number, number>()

async function startNode(): Promise<ServerProcess> {
  const port = await freePort()
  busPorts.set(port, await freePort())
  const files = ['--cluster-enabled', 'yes', '--cluster-config-file', 'nodes.conf']
  return runRedis(port, [...files, '--cluster-port', String(busPortOf(port)), '--cluster-node-timeout', '1000'])
}

function busPortOf(port: number): number {
  return busPorts.get(port) ?? port + 10_000
}

async function command(port: number, text: string): Promise<void> {
  const answer = await exchange(port, `${text}\r\n`)
  if (!answer.startsWith('+OK')) throw new Error(`${text} at port ${port}: ${answer}`)
}
