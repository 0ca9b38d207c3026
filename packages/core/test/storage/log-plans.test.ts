import { join } from 'node:path'
import BetterSqlite3 from 'better-sqlite3'
import { type CompiledQuery, Kysely, SqliteDialect } from 'kysely'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { manualClock } from '@focus-api/core/testing'
import { describeOnDatabase } from '@focus-api/test-kit/databases/matrix'
import { removeFolder, temporaryFolder } from '@focus-api/test-kit/processes/temporary-folder'
import { newYear2030 } from '@focus-api/test-kit/values/times'
import { KyselyEventReader } from '../../src/storage/cluster/event-reader.ts'
import { OutboxEscalations } from '../../src/storage/outbox/outbox-escalations.ts'
import { type Node, startNode } from '../notifications/support/node.ts'

const dayMs = 86_400_000
const note = { title: 't', message: 'm', event: 'limits' }

/** What the store does with notifications, and a part of a statement that only this does. */
const works = {
  'a batch': /^insert into focus_notifications/,
  'a merge': /^select g\.user_key.* join focus_notifications/,
  'the row that a merge moves': /^delete from focus_notifications where \(user_key, "offset"\) in \(values/,
  'a page of the inbox':
    /^select \* from "focus_notifications" where "user_key" = \? and \("expires_at" .*\) order by "offset" desc/,
  'unread notifications': /"read_at" is null and "id" in/,
  'unread broadcasts': /left join "focus_broadcast_states"/,
  'a read mark': /^update "focus_notifications" set "read_at"/,
  'a notification to remove': /where "id" = \? and "user_key" in/,
  'a removed notification': /^delete from "focus_notifications" where "user_key" = \? and "offset" = \?/,
  'a resumed socket': /"offset" > \? and "offset" <= \?/,
  'a repeated call': /^select "offset" from "focus_notifications" where "id" = \?/,
  'recent notifications': /order by "newest"\."id" desc/,
  'events of other nodes': /^select n\.\*, \(select value from focus_meta/,
  'states of escalations': /^select "id", "read_at"/,
  'expired notifications': /where "id" in \(.*\) and "expires_at" <= \?/,
  'old notifications': /"id" > \? and "id" < \? order by "id"/,
  'too many notifications': /from "focus_notifications" as "own"/,
  'the oldest notifications of a stream': /"offset" <= \? order by "offset" limit/,
  'pruned notifications': /^delete from "focus_notifications" where \("user_key", "offset"\) in \(values/,
}

describeOnDatabase('sqlite')('the statements of the notification log', () => {
  const clock = manualClock(newYear2030)
  let folder: string
  let db: BetterSqlite3.Database
  let node: Node
  let statements: Map<string, CompiledQuery>
  beforeEach(async () => {
    folder = temporaryFolder('plans')
    db = new BetterSqlite3(join(folder, 'focus.db'))
    statements = new Map()
    const source = new Kysely({
      dialect: new SqliteDialect({ database: db }),
      log: ({ query }) => void statements.set(query.sql, query),
    })
    node = await startNode(source, { runtime: { clock }, log: { maxPerStream: 20, maxAgeMs: dayMs } })
  })
  afterEach(async () => {
    await node.close()
    db.close()
    removeFolder(folder)
  })

  test('read by an index, however long the log is', async () => {
    // Without the migrations.
    statements.clear()
    await useEverything(node)
    const onLog = [...statements.values()].filter(({ sql }) => /\bfocus_notifications\b/.test(sql))
    const isUsed = (part: RegExp) => onLog.some(({ sql }) => part.test(sql))
    expect(Object.entries(works).filter(([, part]) => !isUsed(part))).toEqual([])
    const scans = onLog
      .filter(({ sql }) => /^(select|insert|update|delete|with)\b/i.test(sql))
      .flatMap(({ sql, parameters }) => {
        const plan = db.prepare(`explain query plan ${sql}`).all(...parameters) as { readonly detail: string }[]
        return plan
          .map(({ detail }) => detail)
          .filter(
            (detail) =>
              /^SCAN (?!CONSTANT|\d|newest|\(subquery)/.test(detail) || /TEMP B-TREE FOR (ORDER|GROUP)/.test(detail),
          )
          .map((detail) => `${detail}: ${sql}`)
      })
    // The newest ids are the end of their index.
    expect(scans.filter((scan) => !/USING COVERING INDEX focus_notifications_log_by_id.* limit \?/.test(scan))).toEqual(
      [],
    )
  })

  async function useEverything({ notifications, log, database }: Node): Promise<void> {
    const [first] = await Promise.all(
      Array.from({ length: 30 }, () => notifications.notifyUser({ userId: 1, ...note })),
    )
    const group = { key: 'g', window: '1h' }
    for (let n = 0; n < 2; n += 1) await notifications.notifyUser({ userId: 2, ...note, group })
    await notifications.notifyUser({ userId: 3, ...note, expiresAt: new Date(clock() + 1_000) })
    await log.firstSight([{ userKey: '1', since: 0 }])
    for (let n = 0; n < 3; n += 1) await notifications.broadcast(note)
    const { notifications: page } = await notifications.inbox(1, { limit: 10 })
    const { nextBefore } = await notifications.inbox(1, { limit: 5, event: 'limits', unread: true })
    await notifications.inbox(1, { limit: 5, before: nextBefore })
    await notifications.markRead(1, { ids: page.slice(0, 4).map(({ id }) => id) })
    await notifications.markRead(1, { upToOffset: 5 })
    await notifications.markRead(1, { upToOffset: 1, stream: 'all' })
    const own = page.find(({ stream }) => stream === 'user')?.id ?? ''
    await notifications.delete(1, own)
    await notifications.delete(1, page.find(({ stream }) => stream === 'all')?.id ?? '')
    await notifications.markRead(1, { all: true })
    await log.heads(['1', '2'])
    await log.read('1', 0, 20, 10)
    await log.recent(5)
    await log.find(first?.outcome === 'created' ? first.id : '')
    await new KyselyEventReader(database, clock).eventsAt([{ owner: '1', offset: 25 }])
    await new OutboxEscalations(database).readStates([own])
    await log.upkeep()
    clock.advance(2_000)
    await log.upkeep()
    clock.advance(2 * dayMs)
    await log.upkeep()
  }
})
