import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, expect, test } from 'vitest'
import { TcpProxy } from '@focus-api/test-kit/cluster/tcp-proxy'
import { describeOverDatabases } from '@focus-api/test-kit/databases/matrix'
import { type Database, openDatabase } from '../../src/storage/database.ts'
import { migrateToLatest } from '../../src/storage/migrations/migrate.ts'

describeOverDatabases('a node that falls silent inside a transaction', (databases) => {
  const closing: (() => Promise<unknown>)[] = []
  afterEach(async () => {
    for (const close of closing.splice(0).toReversed()) await close()
  })

  async function open(url: string): Promise<Database> {
    const database = await openDatabase(url)
    closing.push(() => database.close())
    return database
  }

  test.skipIf(databases.kind === 'sqlite')('blocks the other nodes for seconds only', { timeout: 40_000 }, async () => {
    const url = new URL(await databases.create())
    const other = await open(url.href)
    await migrateToLatest(other)
    await other.db.insertInto('focus_meta').values({ name: 'row', value: 'before' }).execute()
    const proxy = await TcpProxy.start({ host: url.hostname, port: Number(url.port) })
    closing.push(() => proxy.close())
    url.host = `127.0.0.1:${proxy.port}`
    const silent = await open(url.href)

    const locked = Promise.withResolvers<void>()
    const isOver = Promise.withResolvers<void>()
    closing.push(async () => isOver.resolve())
    const transaction = silent.db.transaction().execute(async (trx) => {
      await trx.updateTable('focus_meta').set({ value: 'locked' }).where('name', '=', 'row').execute()
      locked.resolve()
      await isOver.promise
    })
    transaction.catch(() => undefined)
    await locked.promise
    proxy.silence()

    const deadline = performance.now() + 20_000
    for (;;) {
      try {
        await other.db.updateTable('focus_meta').set({ value: 'after' }).where('name', '=', 'row').execute()
        break
      } catch (error) {
        if (performance.now() > deadline) throw error
        await delay(100)
      }
    }
    proxy.cut()
    isOver.resolve()
    await expect(transaction).rejects.toThrow()
    const row = await other.db.selectFrom('focus_meta').select('value').where('name', '=', 'row').executeTakeFirst()
    expect(row?.value).toBe('after')
  })
})
