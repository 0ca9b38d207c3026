import { sql } from 'kysely'
import { PoolConnection } from 'mysql2'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { openApplicationKysely } from '@focus-api/test-kit/databases/application-kysely'
import type { OwnServer } from '@focus-api/test-kit/databases/database-kinds'
import { describeOverServers } from '@focus-api/test-kit/databases/matrix'
import type { AnyKysely } from '../../src/storage/dialects/any-kysely.ts'
import { openDatabase } from '../../src/storage/database.ts'
import { type Node, startNode } from '../notifications/support/node.ts'
import { Blackhole } from './support/blackhole.ts'

interface Opened {
  readonly source: string | AnyKysely
  readonly close: () => Promise<void>
}

const own = (url: string): Opened => ({ source: url, close: async () => undefined })
const application = (url: string): Opened => {
  const source: AnyKysely = openApplicationKysely(url)
  // Not awaited: the pool would wait for the connections that are cut off.
  const close = async () => {
    source.destroy().catch(() => undefined)
  }
  return { source, close }
}

const sleep = { mariadb: sql`select sleep(0.2)`, postgres: sql`select pg_sleep(0.2)` }

describeOverServers('connections that are silently dropped', ({ kind, start }) => {
  let server: OwnServer
  beforeAll(async () => {
    server = await start()
  })
  afterAll(() => server.stop())

  describe.each([
    ['of Focus’ own', own],
    ['of the application’s', application],
  ])('existing connections of a pool %s that are silently dropped', (_, open) => {
    // Kysely can destroy the application's connections to MySQL only.
    const isDestroyed = kind === 'mariadb' || open === own
    const run = async (work: (node: Node, hole: Blackhole, direct: string) => Promise<void>) => {
      const direct = new URL(await server.createDatabase())
      const hole = await Blackhole.start(direct)
      const opened = open(hole.through(direct))
      const node = await startNode(opened.source)
      try {
        await work(node, hole, direct.href)
      } finally {
        await node.close()
        await opened.close()
        await hole.stop()
      }
    }
    /** Opens all connections that the pool may have. */
    const openAll = (node: Node) => Promise.all(Array.from({ length: 10 }, () => sleep[kind].execute(node.database.db)))

    test.skipIf(!isDestroyed)(
      'R2: are dropped within seconds, and every acknowledged notification is stored',
      {
        timeout: 60_000,
      },
      async () => {
        await run(async (node, hole) => {
          const send = (title: string) => node.notifications.notifyUser({ userId: 1, title, message: 'm' })
          await openAll(node)
          await send('before')
          expect(hole.swallow()).toBeGreaterThanOrEqual(10)
          const cutAt = performance.now()
          // Refused calls are sent again, as callers do; only stored notifications are acknowledged.
          const acknowledged: string[] = ['before']
          for (let n = 0; acknowledged.length < 4; n += 1) {
            const title = `after ${n}`
            await send(title).then(
              () => acknowledged.push(title),
              (error: unknown) => expect(error).toMatchObject({ code: 'storage_unavailable' }),
            )
          }
          expect(performance.now() - cutAt).toBeLessThan(20_000)
          const page = await node.notifications.inbox(1)
          expect(page.notifications.map(({ title }) => title)).toEqual(expect.arrayContaining(acknowledged))
          // Use all connections once more: none of them is cut off.
          const again = performance.now()
          await openAll(node)
          expect(performance.now() - again).toBeLessThan(5_000)
        })
      },
    )

    test('R2: leave no lock behind: the server ends a transaction that was cut off', {
      timeout: 60_000,
    }, async () => {
      await run(async (node, hole, direct) => {
        await node.notifications.notifyUser({ userId: 1, title: 'before', message: 'm' })
        const cut = node.database.db.transaction().execute(async (trx) => {
          await trx.updateTable('focus_streams').set({ unread: 7 }).where('user_key', '=', '1').execute()
          hole.swallow()
          await trx.updateTable('focus_streams').set({ unread: 8 }).where('user_key', '=', '1').execute()
        })
        await expect(cut).rejects.toMatchObject({ code: 'storage_unavailable', cause: { code: 'ETIMEDOUT' } })
        await node.notifications.notifyUser({ userId: 1, title: 'after', message: 'm' })
        const spectator = openApplicationKysely(direct)
        const { rows } = await sql`select unread from focus_streams where user_key = '1'`.execute(spectator)
        await spectator.destroy()
        expect(rows).toEqual([{ unread: kind === 'postgres' ? '2' : 2 }])
      })
    })
  })

  test.skipIf(kind !== 'mariadb')(
    'R2: Focus’ own pool does not keep destroyed connections until it closes',
    {
      timeout: 60_000,
    },
    async () => {
      const destroyed = vi.spyOn(PoolConnection.prototype, 'destroy')
      const direct = new URL(await server.createDatabase())
      const hole = await Blackhole.start(direct)
      const database = await openDatabase(hole.through(direct))
      try {
        await sql`select 1`.execute(database.db)
        hole.swallow()
        await expect(sql`select 1`.execute(database.db)).rejects.toMatchObject({
          code: 'storage_unavailable',
          cause: { code: 'ETIMEDOUT' },
        })
        await sql`select 1`.execute(database.db)
      } finally {
        await database.close()
        await hole.stop()
      }
      const [lost, ...others] = destroyed.mock.contexts
      expect(lost).toBeInstanceOf(PoolConnection)
      expect(others).not.toContain(lost)
      destroyed.mockRestore()
    },
  )
})
