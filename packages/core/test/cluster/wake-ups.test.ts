import { afterEach, beforeEach, expect, test } from 'vitest'
import { describeOverDatabases } from '@focus-api/test-kit/databases/matrix'
import type { BrokerMessage } from '../../src/cluster/broker-port.ts'
import { Introductions } from '../../src/cluster/wake-ups/introductions.ts'
import { MessageLane } from '../../src/cluster/wake-ups/message-lane.ts'
import { decodeMessages } from '../../src/cluster/wake-ups/message-row.ts'
import { WakeUpPruner } from '../../src/cluster/wake-ups/wake-up-pruner.ts'
import { lanes, type WakeUpPosition } from '../../src/cluster/wake-ups/wake-up-store-port.ts'
import { WakeUpTail } from '../../src/cluster/wake-ups/wake-up-tail.ts'
import { debugSource } from '../../src/common/logging/debug.ts'
import { KyselyEventReader } from '../../src/storage/cluster/event-reader.ts'
import { KyselyNodeStore } from '../../src/storage/cluster/node-store.ts'
import { KyselyWakeUpStore } from '../../src/storage/cluster/wake-up-store.ts'
import { type Database, openDatabase } from '../../src/storage/database.ts'
import { migrateToLatest } from '../../src/storage/migrations/migrate.ts'

const debug = debugSource(undefined, null)('broker')

/** Nodes as a list that the test changes. */
function nodeList(id: number, ...ids: number[]) {
  const node = (id: number) => ({ id, name: `n${id}`, address: null, version: '1', startedAt: 0 })
  const list = { self: node(id), ids, peers: () => list.ids.map(node) }
  return list
}

describeOverDatabases('Wake-ups', (databases) => {
  let database: Database
  let store: KyselyWakeUpStore
  let now = Date.now()
  beforeEach(async () => {
    database = await openDatabase(await databases.create())
    await migrateToLatest(database)
    store = new KyselyWakeUpStore(database, () => now)
  })
  afterEach(() => database.close())

  const add = (node: number, lane: 0 | 1, seq: number, content = '[]') => store.add({ node, lane, seq, content })
  const seqs = (rows: readonly WakeUpPosition[]) => rows.map(({ node, lane, seq }) => `${node}.${lane}.${seq}`)

  test('the tail reads each row once: behind the newest ones at its start, and of nodes that it does not know', async () => {
    await add(2, 0, 10)
    const nodes = nodeList(1, 2)
    const parts = { store, events: new KyselyEventReader(database, () => now), nodes, isSubscribed: () => true, debug }
    const tail = await WakeUpTail.open(parts)
    const turn = async () => seqs((await tail.turn()).rows)
    expect(await turn()).toEqual([])
    await add(2, 0, 11)
    await add(2, 1, 3)
    await add(1, 0, 5)
    await add(7, 0, 1)
    expect((await turn()).sort()).toEqual(['2.0.11', '2.1.3', '7.0.1'])
    // A number that was left out, a node that left the list, and one that took a new number.
    nodes.ids = []
    nodes.self = { ...nodes.self, id: 8 }
    await add(2, 0, 13)
    await add(7, 1, 1)
    await add(8, 0, 6)
    expect((await turn()).sort()).toEqual(['2.0.13', '7.1.1'])
    expect(await turn()).toEqual([])
  })

  test('the tail takes a long list in parts, in order, and misses none', async () => {
    const nodes = nodeList(1, 2)
    const parts = { store, events: new KyselyEventReader(database, () => now), nodes, isSubscribed: () => true, debug }
    const tail = await WakeUpTail.open(parts)
    for (let seq = 1; seq <= 80; seq += 1) await add(2, 0, seq)
    const read: number[] = []
    for (let more = true; more; ) {
      const turn = await tail.turn()
      read.push(...turn.rows.map(({ seq }) => seq))
      expect(turn.rows.length).toBeLessThan(80)
      more = turn.more
    }
    expect(read).toEqual(Array.from({ length: 80 }, (_, index) => index + 1))
  })

  test('a turn that fails is repeated with the same rows', async () => {
    const nodes = nodeList(1, 2)
    let failing = true
    const events = new KyselyEventReader(database, () => now)
    const flaky = {
      eventsAt: async (moves: Parameters<KyselyEventReader['eventsAt']>[0]) => {
        if (failing) throw new Error('away')
        return events.eventsAt(moves)
      },
    }
    const tail = await WakeUpTail.open({ store, events: flaky, nodes, isSubscribed: () => true, debug })
    await add(2, 0, 1, '["anna",1]')
    await expect(tail.turn()).rejects.toThrow('away')
    failing = false
    expect(seqs((await tail.turn()).rows)).toEqual(['2.0.1'])
  })

  test('rows that this version cannot read are left out, and those around them are read', async () => {
    const tail = await WakeUpTail.open({
      store,
      events: new KyselyEventReader(database, () => now),
      nodes: nodeList(1, 2),
      isSubscribed: () => true,
      debug,
    })
    for (const [index, content] of ['["anna",1]', '{"newer":true}', '["anna"]', '[7,7]', 'no JSON'].entries()) {
      await add(2, 0, index + 1, content)
    }
    expect((await tail.turn()).rows).toHaveLength(5)
    expect((await tail.turn()).rows).toHaveLength(0)
    expect(['null', '[]', '{"peers":[1]}', 'no JSON'].map(decodeMessages)).toEqual([null, null, null, null])
  })

  test('one read takes the rows of many nodes', async () => {
    const nodes = Array.from({ length: 600 }, (_, index) => index + 1)
    await add(1, 0, 7)
    await add(600, 1, 7)
    await add(601, 0, 1)
    const after = nodes.flatMap((node) => [
      { node, lane: lanes.commits, seq: 1 },
      { node, lane: lanes.messages, seq: 1 },
    ])
    expect(seqs(await store.read(after, 600, 32))).toEqual(['1.0.7', '600.1.7', '601.0.1'])
  })

  test('messages that are published together share a row; one that is too long is left out', async () => {
    let seq = 0
    const nodes = nodeList(1, 2, 3)
    const lane = new MessageLane({
      store,
      nodes,
      knownPeers: () => nodes.ids,
      debug,
      nextSeq: () => (seq += 1),
      written: () => undefined,
    })
    const message = (ids: string[]): BrokerMessage => ({
      kind: 'state',
      userKey: 'anna',
      event: { userKey: 'anna', ids, state: 'read', unreadCount: 0, stateRev: 1, offset: 1, allOffset: 0 },
      from: 'n1',
    })
    const short = [message(['a']), message(['b'])]
    lane.add(short[0] as BrokerMessage)
    lane.add(message(Array.from({ length: 10_000 }, () => '0199b2a4-0000-7000-8000-000000000000')))
    lane.add(short[1] as BrokerMessage)
    lane.tellPeers({ hello: true })
    await lane.close()
    const rows = await store.read([], 0, 10)
    expect(rows.map(({ content }) => decodeMessages(content))).toEqual([
      { peers: [2, 3], hello: true, messages: short },
    ])
    lane.add(short[0] as BrokerMessage)
    await lane.close()
    expect(await store.read([], 0, 10)).toHaveLength(1)
  })

  test('answers wait behind all other messages, and take no room of theirs', async () => {
    const nodes = nodeList(1, 2)
    let seq = 0
    const lane = new MessageLane({
      store,
      nodes,
      knownPeers: () => nodes.ids,
      debug,
      nextSeq: () => (seq += 1),
      written: () => undefined,
    })
    const text = 'x'.repeat(100_000)
    const answer = { ask: 'connections', connections: [], total: 0, text } as const
    for (let part = 0; part < 100; part += 1) {
      lane.add({ kind: 'answer', to: 'n2', ref: 'r', answer, part, last: false, from: 'n1' })
    }
    lane.add({ kind: 'keys_changed', from: 'n1' })
    await lane.close()
    const kinds = (await store.read([], 0, 100)).flatMap(({ content }) =>
      (decodeMessages(content)?.messages ?? []).map(({ kind }) => kind),
    )
    expect(kinds[0]).toBe('keys_changed')
    // The others were dropped: they are more than may wait.
    expect(kinds.slice(1)).toEqual(Array.from({ length: 49 }, () => 'answer'))
  })

  test('a node deletes its own rows after a minute, and those of ended nodes later', async () => {
    let newest: WakeUpPosition[] = [{ node: 1, lane: lanes.commits, seq: 2 }]
    const pruner = new WakeUpPruner(
      store,
      debug,
      () => newest,
      () => true,
    )
    await add(1, 0, 1)
    await add(1, 0, 2)
    await add(2, 0, 1)
    await pruner.step(true)
    newest = [{ node: 1, lane: lanes.commits, seq: 3 }]
    await add(1, 0, 3)
    for (let step = 0; step < 5; step += 1) await pruner.step(true)
    expect(await store.read([], 0, 10)).toHaveLength(4)
    await pruner.step(true)
    expect(seqs(await store.read([], 0, 10))).toEqual(['1.0.3', '2.0.1'])
    // Of a node that is alive, and whose clock is far behind.
    const alive = { name: 'n', address: null, version: '1', startedAt: null }
    const id = await new KyselyNodeStore(database).join(alive)
    now -= 11 * 60_000
    await add(7, 0, 1)
    await database.db.updateTable('focus_nodes').set({ id: 8 }).where('id', '=', id).execute()
    await add(8, 0, 1)
    for (let step = 0; step < 30; step += 1) await pruner.step(true)
    expect(seqs(await store.read([], 0, 10))).toEqual(['2.0.1', '8.0.1'])
    await pruner.close()
  })
})

test('a node is connected once each peer has written that it knows it, or has left', () => {
  const nodes = nodeList(3, 1, 2)
  let told = 0
  const introductions = new Introductions(nodes, () => (told += 1))
  introductions.heard(1, { peers: [2], messages: [] })
  introductions.heard(1, { peers: [2, 3], messages: [] })
  expect(introductions.complete).toBe(false)
  nodes.ids = [1]
  introductions.peersChanged(nodes.peers())
  expect([introductions.complete, told]).toEqual([true, 1])
  nodes.self = { ...nodes.self, id: 4 }
  expect([introductions.rejoined(), introductions.rejoined(), introductions.complete]).toEqual([true, false, false])
  introductions.heard(1, { peers: [4], messages: [] })
  expect(introductions.complete).toBe(true)
  introductions.close()
})
