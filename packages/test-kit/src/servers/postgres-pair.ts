import { spawn, type SpawnOptions } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { type Postgres, startPostgres, withClient } from './postgres.ts'
import { programOf, serverUser } from './postgres-template.ts'

/** A PostgreSQL server and its synchronous standby: a commit is answered when both have it. */
export interface PostgresPair {
  /** URL of an empty database that names both hosts, the primary first. */
  readonly url: string
  readonly primary: Postgres
  /** Read-only until `promote`. */
  readonly standby: Postgres
  /** Makes the standby accept writes. The primary must be dead: otherwise there would be two. */
  promote(): Promise<void>
  stop(): Promise<void>
}

/** Starts both servers, and resolves when the standby is synchronous. */
export async function startPostgresPair(): Promise<PostgresPair> {
  const primary = await startPostgres({ own: true })
  let folder = ''
  try {
    const standby = await startPostgres({
      own: true,
      data: async (datadir) => {
        folder = datadir
        await copyOf(primary.port, datadir)
      },
    })
    const stop = async () => void (await Promise.all([standby.stop(), primary.stop()]))
    try {
      await beSynchronous(primary)
    } catch (error) {
      await stop()
      throw error
    }
    return {
      url: primary.url.replace(`127.0.0.1:${primary.port}`, `127.0.0.1:${primary.port},127.0.0.1:${standby.port}`),
      primary,
      standby,
      async promote() {
        if (primary.isRunning()) throw new Error('The primary still runs; kill it before the standby is promoted.')
        await run('pg_ctl', ['promote', '-w', '-D', folder], { cwd: folder, ...serverUser() })
      },
      stop,
    }
  } catch (error) {
    await primary.stop()
    throw error
  }
}

/** Copies the data of a running server, with the settings that make a server on the copy follow it. */
async function copyOf(port: number, datadir: string): Promise<void> {
  const source = `host=127.0.0.1 port=${port} user=focus application_name=standby`
  await run('pg_basebackup', ['-d', source, '-D', datadir, '-X', 'stream', '-c', 'fast', '--no-sync', '-R'])
}

/** Not part of the copy: a promoted standby has no other server to wait for. */
async function beSynchronous(primary: Postgres): Promise<void> {
  await withClient(primary.url, async (client) => {
    await client.query('alter system set synchronous_commit = on')
    await client.query("alter system set synchronous_standby_names = 'standby'")
    await client.query('select pg_reload_conf()')
    const deadline = Date.now() + 20_000
    for (;;) {
      const { rows } = await client.query("select 1 from pg_stat_replication where sync_state = 'sync'")
      if (rows.length > 0) return
      if (Date.now() > deadline) throw new Error('The standby did not become synchronous in 20 s.')
      await delay(20)
    }
  })
}

async function run(program: string, args: readonly string[], options: SpawnOptions = {}): Promise<void> {
  const child = spawn(programOf(program, 'system'), args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => (output += String(chunk)))
  const [code]: unknown[] = await once(child, 'close')
  if (code !== 0) throw new Error(`${program} ended with ${String(code)}:\n${output}`)
}
