import { chmodSync, cpSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { Client } from 'pg'
import { signalChildren } from '../processes/child-processes.ts'
import { removeFolder, temporaryFolder } from '../processes/temporary-folder.ts'
import { freePort } from './ports.ts'
import { giveTo, postgresTemplate, type PostgresVersion, programOf, serverUser } from './postgres-template.ts'
import { refuseToEnd, runServer, type ServerProcess } from './server-process.ts'

export interface Postgres extends ServerProcess {
  /** URL of an empty database. */
  readonly url: string
  /** Creates another empty database on the same server and returns its URL. */
  createDatabase(): Promise<string>
}

export interface PostgresOptions {
  /** Starts a private server even if `FOCUS_TEST_POSTGRES_URL` names one: for tests that kill or freeze it. */
  readonly own?: boolean
  /** Further options of the server, such as `-cmax_connections=5`. */
  readonly args?: readonly string[]
  /** `newest`: the newest version that npm packages ship, instead of the system's. Implies `own`. */
  readonly version?: PostgresVersion
  /** Starts on this data folder, such as the copy of a standby, instead of an empty one. */
  readonly data?: (datadir: string) => Promise<void> | void
}

let databases = 0

/**
 * Returns a PostgreSQL server for a test: the one of `FOCUS_TEST_POSTGRES_URL`, otherwise a private one in a temporary folder.
 * The user `focus` needs no password; any other user of the private server does.
 */
export async function startPostgres(options: PostgresOptions = {}): Promise<Postgres> {
  const { version = 'system' } = options
  const external = process.env['FOCUS_TEST_POSTGRES_URL']
  if (external && !options.own && version === 'system') return useExternal(external)
  const command = programOf('postgres', version)
  const folder = temporaryFolder('postgres')
  const datadir = join(folder, 'data')
  if (options.data) await options.data(datadir)
  else cpSync(postgresTemplate(version), datadir, { recursive: true })
  // The server refuses a folder that others may read.
  chmodSync(datadir, 0o700)
  giveTo(serverUser(), folder)
  const port = await freePort()
  const root = `postgres://focus@127.0.0.1:${port}`
  const server = await runServer({
    command,
    args: ['-D', datadir, `-cport=${port}`, ...settings, ...(options.args ?? [])],
    port,
    folder,
    user: serverUser(),
    endSignal: 'SIGINT',
    signalOthers: signalChildren,
    ready: () => withClient(`${root}/postgres`, (client) => client.query('select 1')),
    dispose: () => removeFolder(folder),
  })
  const createDatabase = () => createEmptyDatabase(`${root}/postgres`)
  const url = options.data ? `${root}/postgres` : await createDatabase()
  return { ...server, url, createDatabase }
}

/** Without waits for the disk: the data of a test survives the end of the server's processes, not of the machine. */
const settings = [
  '-clisten_addresses=127.0.0.1',
  '-cunix_socket_directories=',
  '-cmax_connections=200',
  '-cshared_buffers=32MB',
  '-cfsync=off',
  '-cfull_page_writes=off',
  '-cjit=off',
  '-clog_min_messages=fatal',
]

async function createEmptyDatabase(serverUrl: string): Promise<string> {
  databases += 1
  const name = `focus_${process.pid}_${Date.now()}_${databases}`
  await withClient(serverUrl, (client) => createDatabaseOf(client, name))
  const url = new URL(serverUrl)
  url.pathname = `/${name}`
  return url.href
}

/** Two databases cannot be copied from one template at the same time. */
async function createDatabaseOf(client: Client, name: string): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await client.query(`create database ${name}`)
      return
    } catch (error) {
      if (attempt === 50 || !(error instanceof Error && 'code' in error && error.code === '55006')) throw error
      await delay(50)
    }
  }
}

async function useExternal(url: string): Promise<Postgres> {
  const created: string[] = []
  const createDatabase = async () => {
    const database = await createEmptyDatabase(url)
    created.push(database)
    return database
  }
  return {
    url: await createDatabase(),
    port: Number(new URL(url).port || 5432),
    createDatabase,
    isRunning: () => true,
    kill: refuseToEnd,
    restart: refuseToEnd,
    pause: refuseToEnd,
    resume: refuseToEnd,
    async stop() {
      await withClient(url, async (client) => {
        for (const database of created) {
          await client.query(`drop database ${new URL(database).pathname.slice(1)} with (force)`)
        }
      })
    },
  }
}

/** Runs `work` on a connection that is closed afterwards. */
export async function withClient(url: string, work: (client: Client) => Promise<unknown>): Promise<void> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 5_000 })
  // The server may end the connection at any time; the query that notices it rejects.
  client.on('error', () => undefined)
  await client.connect()
  try {
    await work(client)
  } finally {
    await client.end()
  }
}
