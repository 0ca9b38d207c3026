import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { sql } from 'kysely'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { ThreadOrder } from '../../src/storage/dialects/sqlite/thread/thread-requests.ts'
import { createReadiness } from '../../src/storage/readiness.ts'
import { type Node, startNode } from '../notifications/support/node.ts'

describe('a full disk', () => {
  let folder: string
  let node: Node
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'focus-full-'))
    node = await startNode(`sqlite:${join(folder, 'focus.db')}`)
  })
  afterEach(async () => {
    vi.restoreAllMocks()
    await node.close()
    rmSync(folder, { recursive: true })
  })

  /** In a transaction, because the setting belongs to the connection of the writer thread. */
  const maxPages = (count: number) =>
    node.database.db.transaction().execute((trx) => sql.raw(`pragma max_page_count = ${count}`).execute(trx))
  const sendEight = () =>
    Promise.allSettled(
      Array.from({ length: 8 }, (_, n) =>
        node.notifications.notifyUser({ userId: n + 1, title: 't', message: 'm'.repeat(4_000) }),
      ),
    )

  test('refuses a whole batch at once with the reason, and accepts it when there is space', async () => {
    // Fewer pages than the file has: no further page fits.
    await maxPages(1)
    const asked = vi.spyOn(Worker.prototype, 'postMessage')
    const refused = await sendEight()
    const orders: ThreadOrder[] = asked.mock.calls.map(([order]) => order)
    const groups = orders.flat().flatMap(({ request }) => (request.kind === 'group' ? [request.units] : []))
    expect(groups.map((units) => units.map((unit) => unit.kind === 'batch' && unit.entries.kindOf.length))).toEqual([
      [8],
    ])
    for (const outcome of refused) {
      expect(outcome).toMatchObject({
        status: 'rejected',
        reason: {
          code: 'storage_unavailable',
          message: expect.stringMatching(/^The database cannot write \(SQLITE_FULL\)/),
          cause: { code: 'SQLITE_FULL' },
        },
      })
    }
    await maxPages(1_000_000)
    const accepted = await sendEight()
    expect(accepted.filter((outcome) => outcome.status === 'fulfilled')).toHaveLength(8)
  })

  test('R21: makes the node not ready, although reads succeed', async () => {
    // Uses the pages that the migrations left free.
    await sendEight()
    await maxPages(1)
    const full = createReadiness(node.database)
    await expect(full()).rejects.toMatchObject({
      code: 'storage_unavailable',
      message: 'The database cannot write (SQLITE_FULL).',
    })
    expect(await node.notifications.inbox(1)).toMatchObject({ notifications: [{ title: 't' }] })
    await maxPages(1_000_000)
    await createReadiness(node.database)()
  })

  test('R21: ten thousand checks are one write', async () => {
    const ready = createReadiness(node.database)
    const asked = vi.spyOn(Worker.prototype, 'postMessage')
    await Promise.all(Array.from({ length: 10_000 }, () => ready()))
    for (let n = 0; n < 100; n += 1) await ready()
    const writes = asked.mock.calls.filter(([message]) => /insert into/i.test(JSON.stringify(message)))
    expect(writes).toHaveLength(1)
  })
})
