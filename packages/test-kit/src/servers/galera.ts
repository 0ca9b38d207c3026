import { execFileSync } from 'node:child_process'
import { cpSync, existsSync } from 'node:fs'
import { join } from 'node:path'
import { createConnection } from 'mysql2/promise'
import { removeFolder, temporaryFolder } from '../processes/temporary-folder.ts'
import { requireBinary } from './binaries.ts'
import { mariadbArgs, mariadbTemplate } from './mariadb.ts'
import { freePort } from './ports.ts'
import { runServer, type ServerProcess } from './server-process.ts'

/** A MariaDB Galera cluster: every server accepts writes, and a write commits when all have certified it. */
export interface Galera {
  /** One URL of the same database for each server. */
  readonly urls: readonly string[]
  readonly servers: readonly ServerProcess[]
  /** Returns the number of servers that the server at `index` sees. */
  size(index: number): Promise<number>
  stop(): Promise<void>
}

/** Part of Debian's package `mariadb-server`; other systems install it elsewhere. */
const libraries = ['/usr/lib/galera/libgalera_smm.so', '/usr/lib64/galera-4/libgalera_smm.so']

/** A server that joins gets a copy of the data by rsync, which does not work as root. */
const isRoot = process.getuid?.() === 0

interface Place {
  readonly port: number
  readonly groupPort: number
  /** Receives the changes since a position. */
  readonly transferPort: number
  /** Receives a copy of all data. */
  readonly copyPort: number
  readonly folder: string
}

/** Starts a cluster with an empty database. */
export async function startGalera(count = 3): Promise<Galera> {
  const command = requireBinary('mariadb')
  const library = libraries.find((path) => existsSync(path))
  if (library === undefined) throw new Error(`Galera is not installed; looked for ${libraries.join(', ')}.`)
  const template = mariadbTemplate(command)
  const places: Place[] = []
  for (let index = 0; index < count; index += 1) {
    const folder = temporaryFolder('galera')
    cpSync(template, join(folder, 'data'), { recursive: true })
    if (isRoot) execFileSync('chown', ['-R', 'mysql', folder])
    places.push({
      port: await freePort(),
      groupPort: await freePort(),
      copyPort: await freePort(),
      transferPort: await freePort(),
      folder,
    })
  }
  const servers: ServerProcess[] = []
  const stop = async () => {
    for (const server of servers) await server.stop()
  }
  try {
    for (const place of places) servers.push(await startServer(command, library, place, places))
    const name = 'focus'
    await query(rootUrl(places[0]), `create database ${name} character set utf8mb4 collate utf8mb4_general_ci`)
    return {
      urls: places.map((place) => `${rootUrl(place)}/${name}`),
      servers,
      size: (index) => clusterSize(rootUrl(places[index])),
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}

async function startServer(
  command: string,
  library: string,
  place: Place,
  places: readonly Place[],
): Promise<ServerProcess> {
  const { port, groupPort, transferPort, copyPort, folder } = place
  const isFirst = place === places[0]
  const provider = [
    `gmcast.listen_addr=tcp://127.0.0.1:${groupPort}`,
    `ist.recv_addr=127.0.0.1:${transferPort}`,
    'gcache.size=16M',
    'pc.recovery=false',
  ]
  return runServer({
    command,
    args: [
      ...mariadbArgs(folder, port, 'mysql'),
      '--binlog-format=ROW',
      '--innodb-autoinc-lock-mode=2',
      '--wsrep-on=ON',
      `--wsrep-provider=${library}`,
      `--wsrep-cluster-address=gcomm://${places.map((each) => `127.0.0.1:${each.groupPort}`).join(',')}`,
      `--wsrep-node-address=127.0.0.1:${groupPort}`,
      `--wsrep-provider-options=${provider.join(';')}`,
      '--wsrep-sst-method=rsync',
      `--wsrep-sst-receive-address=127.0.0.1:${copyPort}`,
      ...(isFirst ? ['--wsrep-new-cluster'] : []),
    ],
    port,
    folder,
    startTimeoutMs: 90_000,
    // A server that joins refuses queries until it is synchronised.
    ready: async () => {
      await query(rootUrl(place), 'select 1')
      const size = await clusterSize(rootUrl(place))
      if (size < places.indexOf(place) + 1) throw new Error(`The server sees ${size} servers.`)
    },
    dispose: () => removeFolder(folder),
  })
}

function rootUrl(place: Place | undefined): string {
  return `mysql://root@127.0.0.1:${place?.port}`
}

async function clusterSize(url: string): Promise<number> {
  const [row] = await query(url, "show status like 'wsrep_cluster_size'")
  return Number(row?.['Value'])
}

async function query(url: string, sql: string): Promise<readonly Record<string, unknown>[]> {
  const connection = await createConnection({ uri: url, connectTimeout: 1_000 })
  connection.on('error', () => undefined)
  try {
    const [rows] = await connection.query(sql)
    return Array.isArray(rows) ? (rows as Record<string, unknown>[]) : []
  } finally {
    connection.destroy()
  }
}
