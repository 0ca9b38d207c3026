import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { newYear2030 } from '@focus-api/test-kit/values/times'
import { manualClock } from '@focus-api/core/testing'
import { describeOnDatabase } from '@focus-api/test-kit/databases/matrix'
import { type Mariadb, startMariadb } from '@focus-api/test-kit/servers/mariadb'
import { type Node, startNode } from '../support/node.ts'

describeOnDatabase('mariadb')('the cost of waiting rows', () => {
  let server: Mariadb
  beforeAll(async () => {
    server = await startMariadb({ own: true })
  })
  afterAll(() => server.stop())

  /** Counts the rows that the server's storage engine read, changed or looked up during `work`. */
  async function rowsTouched({ database }: Node, work: () => Promise<unknown>): Promise<number> {
    const read = async () => {
      const { rows } = await sql<{ Value: string }>`
      show global status where variable_name in
        ('Innodb_rows_read', 'Innodb_rows_inserted', 'Innodb_rows_updated', 'Innodb_rows_deleted')`.execute(database.db)
      return rows.reduce((sum, { Value }) => sum + Number(Value), 0)
    }
    const before = await read()
    await work()
    return (await read()) - before
  }

  test('R21: waiting rows cost nothing before they are due, and then only as many reads as the rate has room for', async () => {
    const clock = manualClock(newYear2030)
    const node = await startNode(server.url, { runtime: { clock } })
    const { notifications, events } = node
    try {
      const rate = { limit: 1, window: '1m', overflow: 'defer' } as const
      const note = { userId: 1, title: 't', message: 'm', event: 'e', rate }
      const waiting = 10_000
      for (let sent = 0; sent < waiting; sent += 1_000) {
        await Promise.all(Array.from({ length: 1_000 }, () => notifications.notifyUser(note)))
      }
      const deliverAt = new Date(clock() + 30 * 86_400_000)
      await Promise.all(
        Array.from({ length: 1_000 }, () =>
          notifications.notifyUser({ userId: 2, title: 'scheduled', message: 'm', deliverAt }),
        ),
      )
      expect(events).toHaveLength(1)

      const idle = await rowsTouched(node, async () => {
        for (let pass = 0; pass < 20; pass += 1) expect(await notifications.sequence()).toBe(0)
      })
      expect(idle).toBeLessThan(20 * 10)

      const minutes = 10
      const busy = await rowsTouched(node, async () => {
        for (let minute = 0; minute < minutes; minute += 1) {
          clock.advance(60_000)
          expect(await notifications.sequence()).toBe(1)
        }
      })
      expect(events).toHaveLength(minutes + 1)
      expect(busy).toBeLessThan(minutes * 100)
    } finally {
      await node.close()
    }
  })

  test('R21: rows that waited while the server was down are not all sent at once', async () => {
    const clock = manualClock(newYear2030)
    const node = await startNode(await server.createDatabase(), { runtime: { clock } })
    const { notifications, events } = node
    try {
      const rate = { limit: 2, window: '1m', overflow: 'defer' } as const
      const send = (title: string) => notifications.notifyUser({ userId: 1, title, message: 'm', rate })
      for (let n = 0; n < 8; n += 1) {
        await send(`${n}`)
        clock.advance(1)
      }
      clock.advance(86_400_000)
      await notifications.sequence()
      expect(events.map(({ title }) => title)).toEqual(['0', '1', '2', '3'])
      // A new notification goes behind the deferred ones, even if the rate has room.
      clock.advance(60_000)
      expect(await send('new')).toMatchObject({ outcome: 'deferred' })
      await notifications.sequence()
      for (let minute = 0; minute < 3; minute += 1) {
        clock.advance(60_000)
        await notifications.sequence()
      }
      expect(events.map(({ title }) => title)).toEqual(['0', '1', '2', '3', '4', '5', '6', '7', 'new'])
      expect(await send('there is room')).toMatchObject({ outcome: 'created' })
      expect(await node.database.db.selectFrom('focus_deferred_queues').selectAll().execute()).toEqual([])
    } finally {
      await node.close()
    }
  })
})
