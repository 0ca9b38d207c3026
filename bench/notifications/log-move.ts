import { once } from 'node:events'
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { Worker, isMainThread, parentPort, workerData } from 'node:worker_threads'
import BetterSqlite3 from 'better-sqlite3'
import { migrateDatabase } from '@focus-api/core'
import { removeFolder, temporaryFolder } from '../../packages/test-kit/src/processes/temporary-folder.ts'
import { fillLog } from './full-log.ts'

/**
 * The time and the memory of migration `0018-log-layout`, and how long another process that writes meanwhile waits for the lock.
 *
 *     npm --prefix bench run log-move -- [--rows 1000000] [--alone]
 */
const { values } = parseArgs({ options: { rows: { type: 'string', default: '1000000' }, alone: { type: 'boolean' } } })
if (isMainThread) await run(Number(values.rows))
else await writeAsBefore(String(workerData))

async function run(rows: number): Promise<void> {
  const folder = temporaryFolder('log-move')
  const file = join(folder, 'focus.db')
  try {
    await migrateDatabase({ database: `sqlite:${file}`, env: {} }, '0017-cluster')
    fillLog(file, rows, () => `user ${Math.floor(Math.random() * 5_000)}`)
    const megabytes = statSync(file).size / 1e6
    const writer = values.alone ? null : new Worker(fileURLToPath(import.meta.url), { workerData: file })
    if (writer) await once(writer, 'message')
    const residentBefore = process.memoryUsage.rss() / 1e6
    let resident = residentBefore
    const sampling = setInterval(() => (resident = Math.max(resident, process.memoryUsage.rss() / 1e6)), 20)
    const [cpu, startedAt] = [process.cpuUsage(), performance.now()]
    await migrateDatabase({ database: `sqlite:${file}`, env: {} })
    const seconds = (performance.now() - startedAt) / 1_000
    const { user, system } = process.cpuUsage(cpu)
    clearInterval(sampling)
    writer?.postMessage('end')
    const [waits] = writer ? await once(writer, 'message') : [{}]
    console.table({
      rows,
      seconds: Math.round(seconds * 10) / 10,
      'CPU seconds': Math.round((user + system) / 1e5) / 10,
      'resident before, MB': Math.round(residentBefore),
      'resident at most, MB': Math.round(resident),
      'file before, MB': Math.round(megabytes),
      'file after, MB': Math.round(statSync(file).size / 1e6),
      ...waits,
    })
  } finally {
    removeFolder(folder)
  }
}

/** Inserts, as an earlier version does, until it is told to end. */
async function writeAsBefore(file: string): Promise<void> {
  const db = new BetterSqlite3(file, { timeout: 20_000 })
  db.pragma('synchronous = FULL')
  const insert = db.prepare(
    `insert into focus_notifications (user_key, "offset", id, type, title, message, data, created_at)
     values ('writer', ?, ?, 'info', 't', 'm', '{}', ?)`,
  )
  const state = { isOver: false }
  parentPort?.once('message', () => (state.isOver = true))
  parentPort?.postMessage('ready')
  const waits: number[] = []
  for (let n = 0; !state.isOver; n += 1) {
    const startedAt = performance.now()
    db.exec('begin immediate')
    waits.push(performance.now() - startedAt)
    insert.run(n, `writer ${n}`, Date.now())
    db.exec('commit')
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
  waits.sort((a, b) => a - b)
  const at = (part: number) => Math.round(waits[Math.floor(part * (waits.length - 1))] ?? 0)
  parentPort?.postMessage({
    'writes meanwhile': waits.length,
    'wait p50, ms': at(0.5),
    'wait p99, ms': at(0.99),
    'wait at most, ms': at(1),
  })
  db.close()
}
