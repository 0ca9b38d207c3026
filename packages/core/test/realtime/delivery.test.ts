import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { HubServer } from './support/hub-server.ts'

let server: HubServer
beforeEach(async () => {
  server = await HubServer.start({ limits: { healIntervalMs: 100, replayRows: 50, lingerMs: 50 } })
})
afterEach(() => server.stop())

const offsets = (messages: readonly { offset: number }[]) => messages.map(({ offset }) => offset)
const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index)

describe('order and position', () => {
  test('offsets increase strictly and none is missing', async () => {
    const client = await server.connect('1')
    for (let index = 0; index < 100; index += 1) server.feed.notify('1')
    await client.until('notification', ({ offset }) => offset === 100)
    expect(offsets(client.of('notification'))).toEqual(range(1, 100))
    await client.close()
  })

  test('a group commit arrives complete and in order on every socket of the user', async () => {
    const clients = await Promise.all([1, 2, 3].map(() => server.connect('1')))
    server.feed.notifyMany(
      '1',
      Array.from({ length: 250 }, () => ({})),
    )
    for (const client of clients) {
      await client.until('notification', ({ offset }) => offset === 250)
      expect(offsets(client.of('notification'))).toEqual(range(1, 250))
      await client.close()
    }
  })

  test('S31 a user does not receive notifications of other users', async () => {
    const alice = await server.connect('1')
    const bob = await server.connect('2')
    server.feed.notify('1', { title: 'for Alice' })
    await alice.next('notification')
    expect(await bob.settled()).toEqual([])
    await Promise.all([alice.close(), bob.close()])
  })

  test('an event that the broker brings twice is sent once', async () => {
    const client = await server.connect('1')
    const event = server.feed.notify('1')
    server.broker.publish({ kind: 'notifications', userKey: '1', events: [event] })
    server.feed.notify('1')
    await client.until('notification', ({ offset }) => offset === 2)
    expect(offsets(client.of('notification'))).toEqual([1, 2])
    await client.close()
  })
})

describe('resume', () => {
  test('missed notifications are replayed before new ones, and marked', async () => {
    const first = await server.connect('1')
    server.feed.notify('1')
    await first.next('notification')
    await first.close()
    server.feed.notify('1')
    server.feed.notify('1')
    const second = await server.dial('?token=1&epoch=k3f9&offset=1').opened()
    expect(await second.next('connection')).toMatchObject({
      stream: { epoch: 'k3f9', offset: 3, oldest: 1 },
      resume: { requested: true, recovered: true },
    })
    server.feed.notify('1')
    expect(await second.next('notification')).toMatchObject({ offset: 2, replayed: true })
    expect(await second.next('notification')).toMatchObject({ offset: 3, replayed: true })
    const live = await second.next('notification')
    expect(live.offset).toBe(4)
    expect(live).not.toHaveProperty('replayed')
    await second.close()
  })

  test('a client that has received no event resumes from offset 0', async () => {
    const first = await server.dial('?token=1').opened()
    const { stream } = await first.next('connection')
    await first.close()
    server.feed.notify('1')
    const second = await server.dial(`?token=1&epoch=${stream.epoch}&offset=${stream.offset}`).opened()
    expect((await second.next('connection')).resume).toEqual({ requested: true, recovered: true })
    expect(await second.next('notification')).toMatchObject({ offset: 1 })
    await second.close()
  })

  test('a position before the oldest row gets a gap, then the remaining rows', async () => {
    for (let index = 0; index < 10; index += 1) server.feed.notify('1')
    server.feed.prune('1', 6)
    const client = await server.dial('?token=1&epoch=k3f9&offset=2').opened()
    expect(await client.next('connection')).toMatchObject({
      stream: { oldest: 6 },
      resume: { requested: true, recovered: false, reason: 'retention' },
    })
    expect(await client.next('gap')).toEqual({ type: 'gap', from: 3, to: 5, reason: 'retention' })
    for (const offset of range(6, 10)) expect((await client.next('notification')).offset).toBe(offset)
    await client.close()
  })

  test('a position that is too far back gets only a gap with too_far', async () => {
    server.feed.notifyMany(
      '1',
      Array.from({ length: 60 }, () => ({})),
    )
    const client = await server.dial('?token=1&epoch=k3f9&offset=2').opened()
    expect((await client.next('connection')).resume).toEqual({ requested: true, recovered: false, reason: 'too_far' })
    expect(await client.next('gap')).toEqual({ type: 'gap', from: 3, to: 60, reason: 'too_far' })
    expect(await client.settled()).toEqual([])
    server.feed.notify('1')
    expect((await client.next('notification')).offset).toBe(61)
    await client.close()
  })

  test('many offsets with few rows, after merges, are replayed', async () => {
    const { id } = server.feed.notify('1')
    for (let index = 0; index < 80; index += 1) server.feed.merge('1', id)
    const client = await server.dial('?token=1&epoch=k3f9&offset=1').opened()
    expect((await client.next('connection')).resume).toEqual({ requested: true, recovered: true })
    expect(await client.next('notification')).toMatchObject({ id, offset: 81, count: 81 })
    expect(await client.settled()).toEqual([])
    await client.close()
  })

  test('a position above the head is lost, and the client starts at the head', async () => {
    server.feed.notify('1')
    const client = await server.dial('?token=1&epoch=k3f9&offset=9').opened()
    expect(await client.next('connection')).toMatchObject({
      stream: { offset: 1 },
      resume: { requested: true, recovered: false, reason: 'position_lost' },
    })
    server.feed.notify('1')
    expect((await client.next('notification')).offset).toBe(2)
    await client.close()
  })

  test('a position of another epoch starts at the head', async () => {
    server.feed.notify('1')
    const client = await server.dial('?token=1&epoch=old&offset=1').opened()
    expect((await client.next('connection')).resume).toEqual({
      requested: true,
      recovered: false,
      reason: 'epoch_changed',
    })
    await client.close()
  })

  test('a different id at the offset means that the position is lost', async () => {
    const { id } = server.feed.notify('1')
    const right = await server.dial(`?token=1&epoch=k3f9&offset=1&last_id=${id}`).opened()
    expect((await right.next('connection')).resume.recovered).toBe(true)
    const wrong = await server.dial('?token=1&epoch=k3f9&offset=1&last_id=another').opened()
    expect((await wrong.next('connection')).resume).toMatchObject({ recovered: false, reason: 'position_lost' })
    await Promise.all([right.close(), wrong.close()])
  })

  test('a filter in the URL applies to the replay', async () => {
    server.feed.notify('1', { event: 'limits' })
    server.feed.notify('1', { event: 'activities' })
    server.feed.notify('1')
    const client = await server.dial('?token=1&epoch=k3f9&offset=0&events=limits,challenges').opened()
    await client.next('connection')
    expect(offsets([await client.next('notification'), await client.next('notification')])).toEqual([1, 3])
    expect(await client.settled()).toEqual([])
    await client.close()
  })

  test('events may be repeated in the URL, as in the inbox', async () => {
    server.feed.notify('1', { event: 'limits' })
    server.feed.notify('1', { event: 'activities' })
    server.feed.notify('1', { event: 'challenges' })
    const client = await server.dial('?token=1&epoch=k3f9&offset=0&events=limits&events=challenges').opened()
    await client.next('connection')
    expect(offsets([await client.next('notification'), await client.next('notification')])).toEqual([1, 3])
    await client.close()
  })

  test('the action resume goes back, confirms it, and replays', async () => {
    server.feed.notify('1')
    server.feed.notify('1')
    const client = await server.connect('1')
    server.feed.notify('1')
    await client.next('notification')
    client.send({ action: 'resume', epoch: 'k3f9', offset: 1, ref: 'r' })
    expect(await client.next('resumed')).toEqual({
      type: 'resumed',
      recovered: true,
      stream: { epoch: 'k3f9', offset: 3 },
      all: { epoch: 'k3f9', offset: 0 },
      ref: 'r',
    })
    expect(await client.next('notification')).toMatchObject({ offset: 2, replayed: true })
    expect(await client.next('notification')).toMatchObject({ offset: 3, replayed: true })
    server.feed.notify('1')
    expect(await client.next('notification')).not.toHaveProperty('replayed')
    await client.close()
  })

  test('the action resume with another epoch changes nothing and tells the reason', async () => {
    const client = await server.connect('1')
    client.send({ action: 'resume', epoch: 'old', offset: 0 })
    expect(await client.next('resumed')).toMatchObject({ recovered: false, reason: 'epoch_changed' })
    server.feed.notify('1')
    expect((await client.next('notification')).offset).toBe(1)
    await client.close()
  })

  test('clients that are disconnected during continuous publishing see no gap and no duplicate', async () => {
    const seen: number[] = []
    let position = { epoch: 'k3f9', offset: 0 }
    let published = 0
    const publisher = setInterval(() => {
      for (let index = 0; index < 5; index += 1) server.feed.notify('1')
      published += 5
    }, 2)
    for (let round = 0; round < 20; round += 1) {
      const client = await server.dial(`?token=1&epoch=${position.epoch}&offset=${position.offset}`).opened()
      await client.until('notification', ({ offset }) => offset > position.offset)
      client.socket.terminate()
      await client.closed
      const arrived = offsets(client.of('notification'))
      seen.push(...arrived)
      position = { ...position, offset: arrived.at(-1) ?? position.offset }
    }
    clearInterval(publisher)
    const last = await server.dial(`?token=1&epoch=k3f9&offset=${position.offset}`).opened()
    await last.next('connection')
    if (position.offset < published) await last.until('notification', ({ offset }) => offset === published)
    seen.push(...offsets(last.of('notification')))
    expect(seen).toEqual(range(1, published))
    await last.close()
  })
})

describe('broadcasts', () => {
  test('are sent in the shared stream with its own offsets', async () => {
    const alice = await server.connect('1')
    const bob = await server.connect('2')
    server.feed.notify('1')
    server.feed.notify(null, { title: 'to all' })
    expect(await alice.next('notification')).not.toHaveProperty('stream')
    expect(await alice.next('notification')).toMatchObject({ stream: 'all', offset: 1, title: 'to all' })
    expect(await bob.next('notification')).toMatchObject({ stream: 'all', offset: 1 })
    await Promise.all([alice.close(), bob.close()])
  })

  test('are not sent if they are older than the first connection; all_offset resumes', async () => {
    server.feed.notify(null)
    const client = await server.dial('?token=1').opened()
    expect((await client.next('connection')).all).toEqual({ epoch: 'k3f9', offset: 1 })
    expect(await client.settled()).toEqual([])
    await client.close()
    server.feed.notify(null)
    const second = await server.dial('?token=1&epoch=k3f9&offset=0&all_offset=1').opened()
    expect((await second.next('connection')).resume.recovered).toBe(true)
    expect(await second.next('notification')).toMatchObject({ stream: 'all', offset: 2, replayed: true })
    await second.close()
  })
})

describe('healing', () => {
  test('an event that was committed and not published is read from the log', async () => {
    const client = await server.connect('1')
    server.feed.publishing = false
    server.feed.notify('1')
    server.feed.notify(null)
    const own = await client.until('notification')
    const all = await client.until('notification')
    expect([own, all].map(({ stream, offset }) => [stream, offset])).toEqual(
      expect.arrayContaining([
        [undefined, 1],
        ['all', 1],
      ]),
    )
    expect(own).not.toHaveProperty('replayed')
    await client.close()
  })

  test('the next wake-up heals a lost one at once, in order', async () => {
    const client = await server.connect('1')
    server.feed.publishing = false
    server.feed.notify('1')
    server.feed.publishing = true
    server.feed.notify('1')
    expect((await client.next('notification')).offset).toBe(1)
    expect((await client.next('notification')).offset).toBe(2)
    await client.close()
  })

  test('events that were pruned before a connection received them become a gap, then the remaining rows follow', async () => {
    const client = await server.connect('1')
    server.feed.publishing = false
    server.feed.notifyMany('1', [{}, {}, {}, {}, {}])
    server.feed.prune('1', 4)
    expect(await client.next('gap')).toEqual({ type: 'gap', from: 1, to: 3, reason: 'retention' })
    expect((await client.next('notification')).offset).toBe(4)
    expect((await client.next('notification')).offset).toBe(5)
    await client.close()
  })

  test('a head below the position, as after a restore, closes with 4003', async () => {
    const client = await server.connect('1')
    server.feed.notify('1')
    server.feed.notify('1')
    await client.until('notification', ({ offset }) => offset === 2)
    server.feed.restore('1', 1)
    expect((await client.closed).code).toBe(4003)
    const again = await server.dial('?token=1&epoch=k3f9&offset=2').opened()
    expect((await again.next('connection')).resume).toMatchObject({ recovered: false, reason: 'position_lost' })
    await again.close()
  })

  test('a new epoch closes open connections with 4003', async () => {
    const client = await server.connect('1')
    server.feed.epoch = 'new1'
    expect((await client.closed).code).toBe(4003)
  })

  test('a new epoch that first appears in an event closes with 4003', async () => {
    const quiet = await HubServer.start({ limits: { healIntervalMs: 600_000 } })
    const client = await quiet.connect('1')
    quiet.feed.epoch = 'new1'
    quiet.feed.notify('1')
    expect((await client.closed).code).toBe(4003)
    await quiet.stop()
  })

  test('connections stay open while the log is unavailable, and catch up afterwards', async () => {
    const client = await server.connect('1')
    server.feed.publishing = false
    server.feed.gate = () => Promise.reject(new Error('the database is away'))
    server.feed.notify('1')
    await expect.poll(() => server.feed.reads).toBeGreaterThan(4)
    server.feed.gate = async () => undefined
    expect((await client.next('notification')).offset).toBe(1)
    await client.close()
  })

  test('a client that connects while the log is unavailable is closed with 1013', async () => {
    server.feed.gate = () => Promise.reject(new Error('the database is away'))
    expect((await server.dial('?token=1').closed).code).toBe(1013)
  })
})

describe('sync, read and ack', () => {
  test('sync sends earlier events again in pages, and marks the end', async () => {
    server.feed.notifyMany(
      '1',
      Array.from({ length: 5 }, () => ({})),
    )
    const client = await server.connect('1')
    client.send({ action: 'sync', since: 1, limit: 2, ref: 's' })
    expect(await client.next('notification')).toMatchObject({ offset: 2, replayed: true })
    expect(await client.next('notification')).toMatchObject({ offset: 3, replayed: true })
    expect(await client.next('synced')).toEqual({ type: 'synced', offset: 3, more: true, ref: 's' })
    client.send({ action: 'sync', since: 3 })
    await client.next('notification')
    await client.next('notification')
    expect(await client.next('synced')).toEqual({ type: 'synced', offset: 5, more: false })
    await client.close()
  })

  test('sync from above the head answers with the position', async () => {
    server.feed.notify('1')
    const client = await server.connect('1')
    client.send({ action: 'sync', since: 99, ref: 's' })
    expect(await client.next('synced')).toEqual({ type: 'synced', offset: 1, more: false, ref: 's' })
    await client.close()
  })

  test('read answers with the count and sends the state to every tab', async () => {
    const { id } = server.feed.notify('1')
    server.feed.notify('1')
    const here = await server.connect('1')
    const there = await server.connect('1')
    here.send({ action: 'read', ids: [id], ref: 'r' })
    expect(await here.until('read')).toEqual({ type: 'read', unread_count: 1, ref: 'r' })
    expect(await there.next('state')).toEqual({
      type: 'state',
      ids: [id],
      state: 'read',
      unread_count: 1,
      state_rev: 1,
      offset: 2,
      all_offset: 0,
    })
    here.send({ action: 'read', up_to_offset: 2 })
    expect((await here.until('read')).unread_count).toBe(0)
    await Promise.all([here.close(), there.close()])
  })

  test('a missed state shows in state_rev of the heartbeat', async () => {
    const other = await HubServer.start({ config: { heartbeatIntervalMs: 150 }, limits: { healIntervalMs: 100 } })
    const { id } = other.feed.notify('1')
    const client = await other.connect('1')
    other.feed.publishing = false
    await other.feed.markRead('1', { ids: [id] })
    await client.until('heartbeat', ({ state_rev }) => state_rev === 1)
    await client.close()
    await other.stop()
  })

  test('a state is sent also when the log was read before the wake-up arrived', async () => {
    const { id } = server.feed.notify('1')
    const client = await server.connect('1')
    server.feed.publishing = false
    await server.feed.markRead('1', { ids: [id] })
    const reads = server.feed.reads
    await expect.poll(() => server.feed.reads).toBeGreaterThan(reads + 4)
    const event = {
      userKey: '1',
      ids: [id],
      state: 'read',
      unreadCount: 0,
      stateRev: 1,
      offset: 1,
      allOffset: 0,
    } as const
    server.broker.publish({ kind: 'state', userKey: '1', event })
    expect(await client.next('state')).toMatchObject({ ids: [id], state_rev: 1 })
    await client.close()
  })

  test('ack is telemetry and is answered only when it has a ref', async () => {
    const client = await server.connect('1')
    client.send({ action: 'ack', offset: 1 })
    client.send({ action: 'ack', offset: 2, ref: 'a' })
    expect(await client.next('acked')).toEqual({ type: 'acked', offset: 2, ref: 'a' })
    expect(await server.hub.connections()).toMatchObject([{ acknowledged: 2 }])
    await client.close()
  })
})

describe('subscriptions', () => {
  test('all topics arrive until the first subscribe; unsubscribe before it excludes topics', async () => {
    const client = await server.connect('1')
    client.send({ action: 'unsubscribe', events: ['activities'] })
    expect(await client.next('subscribed')).toEqual({ type: 'subscribed', events: [], except: ['activities'] })
    server.feed.notify('1', { event: 'activities' })
    server.feed.notify('1', { event: 'limits' })
    expect((await client.next('notification')).offset).toBe(2)
    await client.close()
  })

  test('filtered events still move the position of the heartbeat', async () => {
    const other = await HubServer.start({ config: { heartbeatIntervalMs: 150 } })
    const client = await other.connect('1')
    client.send({ action: 'subscribe', events: ['limits'] })
    await client.next('subscribed')
    other.feed.notify('1', { event: 'activities' })
    await client.until('heartbeat', ({ offset }) => offset === 1)
    expect(client.of('notification')).toEqual([])
    await client.close()
    await other.stop()
  })

  test('too many topics are refused', async () => {
    const client = await server.connect('1')
    client.send({ action: 'subscribe', events: Array.from({ length: 101 }, (_, index) => `t${index}`) })
    expect((await client.next('error')).code).toBe('too_many_topics')
    await client.close()
  })
})
