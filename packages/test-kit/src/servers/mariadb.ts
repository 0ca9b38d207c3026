import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { type Connection, createConnection } from 'mysql2/promise'
import { findBinary, requireBinary } from './binaries.ts'
import { freePort } from './ports.ts'
import { exchange, refuseToEnd, runServer, type ServerProcess } from './server-process.ts'
import { removeFolder, temporaryFolder } from '../processes/temporary-folder.ts'

export interface Mariadb extends ServerProcess {
  /** URL of an empty database. */
  readonly url: string
  /** Creates another empty database on the same server and returns its URL. */
  createDatabase(): Promise<string>
}

interface MariadbOptions {
  /** Starts a private server even if `FOCUS_TEST_MYSQL_URL` names one: for tests that kill or freeze it. */
  readonly own?: boolean
  /** Further options of the server, such as `--max-connections=5`. */
  readonly args?: readonly string[]
}

let databases = 0

/**
 * Returns a MySQL-compatible server for a test: the one of `FOCUS_TEST_MYSQL_URL`, otherwise a private MariaDB in a temporary
 * folder.
 */
export async function startMariadb(options: MariadbOptions = {}): Promise<Mariadb> {
  const external = process.env['FOCUS_TEST_MYSQL_URL']
  if (external && !options.own) return useExternal(external)
  const command = requireBinary('mariadb')
  const folder = temporaryFolder('mariadb')
  cpSync(mariadbTemplate(command), join(folder, 'data'), { recursive: true })
  const port = await freePort()
  const server = await runServer({
    command,
    args: [...mariadbArgs(folder, port), ...(options.args ?? [])],
    port,
    folder,
    // The server sends its greeting first.
    ready: async () => void (await exchange(port, '')),
    dispose: () => removeFolder(folder),
  })
  const root = `mysql://root@127.0.0.1:${port}`
  const createDatabase = () => createEmptyDatabase(root)
  return { ...server, url: await createDatabase(), createDatabase }
}

/**
 * Returns the options of a private server with its data in `folder/data`.
 *
 * @param user the user that the server runs as where this process runs as root
 */
export function mariadbArgs(folder: string, port: number, user = 'root'): string[] {
  return [
    '--no-defaults',
    `--datadir=${join(folder, 'data')}`,
    `--port=${port}`,
    '--bind-address=127.0.0.1',
    `--socket=${join(folder, 'mariadb.sock')}`,
    `--pid-file=${join(folder, 'mariadb.pid')}`,
    `--tmpdir=${folder}`,
    '--skip-name-resolve',
    '--innodb-buffer-pool-size=64M',
    '--innodb-log-file-size=16M',
    '--performance-schema=OFF',
    ...asRoot(user),
  ]
}

async function createEmptyDatabase(serverUrl: string): Promise<string> {
  databases += 1
  const name = `focus_${process.pid}_${Date.now()}_${databases}`
  await withConnection(serverUrl, (connection) =>
    connection.query(`create database \`${name}\` character set utf8mb4 collate utf8mb4_general_ci`),
  )
  const url = new URL(serverUrl)
  url.pathname = `/${name}`
  return url.href
}

async function useExternal(url: string): Promise<Mariadb> {
  const created: string[] = []
  const createDatabase = async () => {
    const database = await createEmptyDatabase(url)
    created.push(database)
    return database
  }
  return {
    url: await createDatabase(),
    port: Number(new URL(url).port || 3306),
    createDatabase,
    isRunning: () => true,
    kill: refuseToEnd,
    restart: refuseToEnd,
    pause: refuseToEnd,
    resume: refuseToEnd,
    async stop() {
      await withConnection(url, async (connection) => {
        for (const database of created)
          await connection.query(`drop database \`${new URL(database).pathname.slice(1)}\``)
      })
    },
  }
}

async function withConnection(url: string, work: (connection: Connection) => Promise<unknown>): Promise<void> {
  const connection = await createConnection(url)
  try {
    await work(connection)
  } finally {
    await connection.end()
  }
}

/** Returns an initialised data folder, created once per installed version: a copy is twenty times faster than an initialisation. */
export function mariadbTemplate(command: string): string {
  const version = /(\d+\.\d+\.\d+)/.exec(spawnSync(command, ['--version'], { encoding: 'utf8' }).stdout)?.[1]
  const folder = resolve(
    import.meta.dirname,
    '../../../../node_modules/.cache/focus-test',
    `mariadb-${version ?? 'unknown'}`,
  )
  if (existsSync(folder)) return folder
  const installer = findBinary('mariadb-install-db') ?? findBinary('mysql_install_db')
  if (!installer) throw new Error(`${command} is installed, but its mariadb-install-db is missing.`)
  const draft = `${folder}.${process.pid}`
  rmSync(draft, { recursive: true, force: true })
  mkdirSync(dirname(draft), { recursive: true })
  const { status, stdout, stderr } = spawnSync(
    installer,
    [
      '--no-defaults',
      `--datadir=${draft}`,
      '--auth-root-authentication-method=normal',
      '--skip-test-db',
      '--skip-name-resolve',
      '--innodb-log-file-size=16M',
      ...asRoot(),
    ],
    { encoding: 'utf8' },
  )
  if (status !== 0) throw new Error(`${installer} ended with ${status}:\n${stdout}${stderr}`)
  try {
    renameSync(draft, folder)
  } catch (error) {
    // Another process created the folder first.
    if (!existsSync(folder)) throw error
    rmSync(draft, { recursive: true, force: true })
  }
  return folder
}

function asRoot(user = 'root'): string[] {
  return process.getuid?.() === 0 ? [`--user=${user}`] : []
}
