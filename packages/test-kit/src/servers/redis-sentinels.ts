import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { removeFolder, temporaryFolder } from '../processes/temporary-folder.ts'
import { requireBinary } from './binaries.ts'
import { freePort } from './ports.ts'
import { runRedis } from './redis.ts'
import { exchange, runServer, type ServerProcess } from './server-process.ts'

export interface RedisSentinels {
  /** `redis+sentinel://…/focus`. */
  readonly url: string
  /** The first master. */
  readonly master: ServerProcess
  readonly replica: ServerProcess
  readonly sentinels: readonly ServerProcess[]
  stop(): Promise<void>
}

/** Starts a Redis with a replica and three Sentinels, which promote the replica when the master is silent for a second. */
export async function startRedisSentinels(): Promise<RedisSentinels> {
  const master = await runRedis(await freePort())
  const replica = await runRedis(await freePort(), ['--replicaof', '127.0.0.1', String(master.port)])
  await until(replica.port, 'INFO replication\r\n', /master_link_status:up/)
  const sentinels = await Promise.all([1, 2, 3].map(() => startSentinel(master.port)))
  for (const { port } of sentinels) {
    await until(port, 'INFO sentinel\r\n', /status=ok,address=[^,]+,slaves=1,sentinels=3/)
  }
  const hosts = sentinels.map(({ port }) => `127.0.0.1:${port}`).join(',')
  const servers = [...sentinels, replica, master]
  return {
    url: `redis+sentinel://${hosts}/focus`,
    master,
    replica,
    sentinels,
    stop: async () => void (await Promise.all(servers.map((server) => server.stop()))),
  }
}

async function startSentinel(masterPort: number): Promise<ServerProcess> {
  const folder = temporaryFolder('sentinel')
  const port = await freePort()
  // A Sentinel rewrites its configuration.
  const file = join(folder, 'sentinel.conf')
  const lines = [
    `port ${port}`,
    'bind 127.0.0.1',
    `dir ${folder}`,
    `sentinel monitor focus 127.0.0.1 ${masterPort} 2`,
    'sentinel down-after-milliseconds focus 1000',
    'sentinel failover-timeout focus 5000',
  ]
  writeFileSync(file, `${lines.join('\n')}\n`)
  return runServer({
    command: requireBinary('redis'),
    args: [file, '--sentinel'],
    port,
    folder,
    ready: async () => void (await exchange(port, 'PING\r\n')),
    dispose: () => removeFolder(folder),
  })
}

/** Asks a server until its answer matches. */
export async function until(port: number, command: string, answer: RegExp): Promise<void> {
  const deadline = Date.now() + 30_000
  for (;;) {
    const text = await exchange(port, command).catch((error: Error) => error.message)
    if (answer.test(text)) return
    if (Date.now() > deadline) throw new Error(`${command.trim()} at port ${port} still answers:\n${text}`)
    await delay(50)
  }
}
