import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { removeFolder, temporaryFolder } from '../processes/temporary-folder.ts'
import { requireBinary } from './binaries.ts'
import { freePort } from './ports.ts'
import { withClient } from './postgres.ts'
import { giveTo, serverUser } from './postgres-template.ts'
import { runServer, type ServerProcess } from './server-process.ts'

export interface Pgbouncer extends ServerProcess {
  /** Returns the URL of a database through the pooler. */
  through(databaseUrl: string): string
}

/** Sessions of the server that the pooler keeps for each database. */
export const poolSize = 8

/** Starts a PgBouncer in transaction mode in front of the server of a URL: each transaction gets any of its sessions. */
export async function startPgbouncer(databaseUrl: string): Promise<Pgbouncer> {
  const command = requireBinary('pgbouncer')
  const folder = temporaryFolder('pgbouncer')
  const port = await freePort()
  const server = new URL(databaseUrl)
  const users = join(folder, 'users.txt')
  const configuration = join(folder, 'pgbouncer.ini')
  const through = (url: string) => {
    const changed = new URL(url)
    changed.host = `127.0.0.1:${port}`
    return changed.href
  }
  writeFileSync(users, `"${server.username}" "${server.password}"\n`)
  const lines = [
    '[databases]',
    `* = host=${server.hostname} port=${server.port}`,
    '[pgbouncer]',
    'listen_addr = 127.0.0.1',
    `listen_port = ${port}`,
    'unix_socket_dir =',
    'auth_type = trust',
    `auth_file = ${users}`,
    'pool_mode = transaction',
    `default_pool_size = ${poolSize}`,
    'max_client_conn = 200',
  ]
  writeFileSync(configuration, `${lines.join('\n')}\n`)
  // It refuses to run as root, as the server does.
  giveTo(serverUser(), folder)
  const process = await runServer({
    command,
    args: [configuration],
    port,
    folder,
    user: serverUser(),
    ready: () => withClient(through(databaseUrl), (client) => client.query('select 1')),
    dispose: () => removeFolder(folder),
  })
  return { ...process, through }
}
