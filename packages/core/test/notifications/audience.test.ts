import { setTimeout as delay } from 'node:timers/promises'
import { expect, test, vi } from 'vitest'
import { newYear2030 } from '@focus-api/test-kit/values/times'
import { manualClock } from '@focus-api/core/testing'
import { describeOverDatabases } from '@focus-api/test-kit/databases/matrix'
import { silentLogger } from '../../src/common/logging/logger.ts'
import type { Summary } from '../../src/notifications/ports.ts'
import { people, startNode } from './support/node.ts'
import { nodesOf } from './support/suite.ts'

describeOverDatabases('an audience', (databases) => {
  const { open } = nodesOf(databases)

  test('is read only as fast as the database commits, never far ahead', async () => {
    const { notifications } = await open({ config: { unknownUsers: 'accept' } })
    let taken = 0
    async function* ids() {
      for (; taken < 5_000; taken += 1) yield `reader-${taken}`
    }
    const progress: Summary[] = []
    let furthestAhead = 0
    const summary = await notifications.notifyMany(
      ids(),
      { title: 't', message: 'm' },
      {
        onProgress: (done) => {
          progress.push(done)
          furthestAhead = Math.max(furthestAhead, taken - done.total)
        },
      },
    )
    expect(summary).toEqual({ total: 5_000, created: 5_000, merged: 0, suppressed: 0, later: 0, unknown: 0 })
    expect(progress).toHaveLength(5)
    expect(progress.at(-1)).toEqual(summary)
    const totals = progress.map(({ total }) => total)
    expect(totals).toEqual(totals.toSorted((a, b) => a - b))
    expect(Math.max(...totals)).toBeLessThanOrEqual(5_000)
    expect(furthestAhead).toBeLessThanOrEqual(4_000)
  })

  test('gets texts in the language of each user, and unknown ids are counted', async () => {
    const { notifications, events } = await open()
    const summary = await notifications.notifyLeaderboardUpdate({
      userIds: [1, 2, 4_711],
      challengeTitle: 'Challenge Octobre',
      leaderboardData: { updated_at: '2024-10-30T10:30:00' },
    })
    expect(summary).toMatchObject({ total: 3, created: 2, unknown: 1 })
    expect(events.map(({ userKey, event, title, message, data }) => [userKey, event, title, message, data])).toEqual([
      [
        '1',
        'challenges',
        'Challenge Octobre',
        'Le classement a ete mis a jour',
        { challenge_title: 'Challenge Octobre', updated_at: '2024-10-30T10:30:00' },
      ],
      [
        '2',
        'challenges',
        'Challenge Octobre',
        'The leaderboard was updated',
        { challenge_title: 'Challenge Octobre', updated_at: '2024-10-30T10:30:00' },
      ],
    ])
  })

  test('gets no more notifications after the signal is aborted', async () => {
    const { notifications, events } = await open({ config: { unknownUsers: 'accept' } })
    const stop = new AbortController()
    function* ids() {
      for (let n = 0; ; n += 1) yield `reader-${n}`
    }
    const sent = notifications.notifyMany(
      ids(),
      { title: 't', message: 'm' },
      {
        signal: stop.signal,
        onProgress: () => stop.abort(new Error('enough')),
      },
    )
    await expect(sent).rejects.toThrow('enough')
    const told = events.length
    await delay(20)
    expect(events.length).toBe(told)
  })

  test('is introduced to broadcasts together, and a failed lookup does not hold up the others', async () => {
    const warnings: unknown[] = []
    let away = true
    const { notifications, log } = await open({
      runtime: { logger: { ...silentLogger, warn: (_, fields) => void warnings.push(fields) } },
      users: {
        ...people,
        get: async (id) => {
          if (away && id === 3) throw new Error('the directory is away')
          return people.get(id)
        },
      },
    })
    await notifications.broadcast({ title: 'first', message: 'm' })
    const introduced = vi.spyOn(log, 'firstSight')
    const unread = async () =>
      (await notifications.feed.heads(['4', '3', '2', '1'])).map(({ unreadCount }) => unreadCount)
    expect(await unread()).toEqual([1, 0, 1, 1])
    expect(introduced).not.toHaveBeenCalled()
    await vi.waitFor(() => expect(introduced).toHaveBeenCalledTimes(1), { timeout: 20_000 })
    expect(introduced.mock.calls[0]?.[0].map(({ userKey }) => userKey)).toEqual(['4', '2', '1'])
    expect(warnings).toMatchObject([{ failed: 1, error: { message: 'the directory is away' } }])
    await expect(notifications.inbox(3)).rejects.toThrow('the directory is away')
    away = false
    expect(await unread()).toEqual([1, 1, 1, 1])
    expect(await notifications.feed.heads([])).toEqual([])
  })

  test('is recorded although it is read again and again', async () => {
    const { notifications, log } = await open()
    const introduced = vi.spyOn(log, 'firstSight')
    const recorded = async () => {
      await notifications.feed.heads(['1', '2'])
      expect(introduced).toHaveBeenCalled()
    }
    await vi.waitFor(recorded, { timeout: 20_000 })
  })

  test('sees a broadcast that was written once, unless it is older than the user, each user with their own read state', async () => {
    const clock = manualClock(newYear2030)
    const { notifications, events } = await open({
      runtime: { clock },
      users: {
        ...people,
        get: async (id) => {
          const user = await people.get(id)
          // Number 3 comes between the two broadcasts.
          return user && { ...user, createdAt: id === 3 ? clock() - 500 : 0 }
        },
      },
    })
    await notifications.broadcast({ title: 'first', message: 'm' })
    clock.advance(1_000)
    await notifications.broadcast({ title: 'second', message: 'm' })
    const titles = async (id: number) => (await notifications.inbox(id)).notifications.map((item) => item.title)
    expect(await titles(1)).toEqual(['second', 'first'])
    expect(await titles(3)).toEqual(['second'])
    expect(await notifications.markRead(1, { upToOffset: 1, stream: 'all' })).toBe(1)
    const second = events[1]?.id ?? ''
    expect(await notifications.delete(2, second)).toBe(true)
    expect(await notifications.delete(2, second)).toBe(false)
    expect(await titles(2)).toEqual(['first'])
    expect((await notifications.inbox(1)).unreadCount).toBe(1)
    expect((await notifications.inbox(2)).unreadCount).toBe(1)
    expect((await notifications.inbox(3)).unreadCount).toBe(1)
    expect(await notifications.feed.allHead()).toMatchObject({ offset: 2 })
    expect(
      (await notifications.feed.readAll(1, 2, 10)).map(({ stream, offset, title }) => [stream, offset, title]),
    ).toEqual([['all', 2, 'second']])
  })
})

describeOverDatabases('retention', (databases) => {
  test('keeps the newest of each user, advances `oldest`, and counts the rest as unread', async () => {
    const node = await startNode(await databases.create(), { log: { maxPerStream: 10 } })
    try {
      for (let n = 1; n <= 25; n += 1) await node.notifications.notifyUser({ userId: 1, title: `${n}`, message: 'm' })
      for (let n = 1; n <= 12; n += 1) await node.notifications.broadcast({ title: `all ${n}`, message: 'm' })
      await node.log.upkeep()
      const head = await node.notifications.feed.head('1')
      expect(head).toMatchObject({ offset: 25, oldest: 16, unreadCount: 20 })
      expect(await node.notifications.feed.allHead()).toMatchObject({ offset: 12, oldest: 3 })
      const rows = await node.log.read('1', 0, 100, 100)
      expect(rows.map((row) => row.offset)).toEqual([16, 17, 18, 19, 20, 21, 22, 23, 24, 25])
      expect((await node.notifications.inbox(1, { limit: 100 })).notifications).toHaveLength(20)
    } finally {
      await node.close()
    }
  })

  test('R12: does not count expired broadcasts, and changes the revision when it removes them', async () => {
    const clock = manualClock(newYear2030)
    const node = await startNode(await databases.create(), { runtime: { clock } })
    try {
      const { feed } = node.notifications
      await feed.head('1')
      const expiresAt = new Date(clock() + 1_000)
      await node.notifications.broadcast({ title: 'stays', message: 'm' })
      await node.notifications.broadcast({ title: 'expires', message: 'm', expiresAt })
      await node.notifications.notifyUser({ userId: 1, title: 'own, read', message: 'm', expiresAt })
      const { notifications } = await node.notifications.inbox(1)
      expect(notifications.map((item) => item.expiresAt)).toEqual([expiresAt.getTime(), expiresAt.getTime(), null])
      await node.notifications.markRead(1, { ids: [notifications[0]?.id ?? ''] })
      expect(await feed.head('1')).toMatchObject({ unreadCount: 2 })
      clock.advance(1_000)
      const before = { own: await feed.head('1'), all: await feed.allHead() }
      expect(before.own.unreadCount).toBe(1)
      expect((await node.notifications.inbox(1)).unreadCount).toBe(1)
      await node.log.upkeep()
      expect(await feed.head('1')).toMatchObject({ unreadCount: 1, stateRev: before.own.stateRev + 1 })
      expect(await feed.allHead()).toMatchObject({ stateRev: before.all.stateRev + 1 })
    } finally {
      await node.close()
    }
  })

  test('removes old notifications, and keeps those that a merge renewed', async () => {
    const clock = manualClock(newYear2030)
    const node = await startNode(await databases.create(), { runtime: { clock }, log: { maxAgeMs: 1_000 } })
    try {
      const group = { key: 'g', window: '1h' }
      await node.notifications.notifyUser({ userId: 1, title: 'old', message: 'm' })
      await node.notifications.notifyUser({ userId: 1, title: 'grouped', message: 'm', group })
      clock.advance(1_001)
      await node.notifications.notifyUser({ userId: 1, title: 'grouped', message: 'm', group })
      await node.log.upkeep()
      expect((await node.log.read('1', 0, 100, 100)).map((row) => [row.offset, row.title])).toEqual([[3, 'grouped']])
      expect(await node.notifications.feed.head('1')).toMatchObject({ offset: 3, oldest: 2, unreadCount: 1 })
    } finally {
      await node.close()
    }
  })
})
