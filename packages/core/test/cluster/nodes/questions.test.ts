import { EventEmitter } from 'node:events'
import { expect, test } from 'vitest'
import { LocalFirstBroker } from '../../../src/cluster/local-first-broker.ts'
import { Questions } from '../../../src/cluster/nodes/questions.ts'
import type { NodeAnswer } from '../../../src/cluster/questions-port.ts'
import { EmitterBroker } from '../support/emitter-broker.ts'

const part = (id: string): NodeAnswer => ({
  ask: 'connections',
  connections: [{ id, userKey: '1', node: 'n', since: 1, transport: 'sse', offset: 0, lag: 0, acknowledged: 0 }],
  total: 1,
})
const everyone = { ask: 'connections', userKey: null, limit: 100 } as const

function nodesOf(count: number, timeoutMs: number) {
  const bus = new EventEmitter()
  return Array.from({ length: count }, (_, index) => {
    const name = `n${index}`
    const driver = new EmitterBroker(bus)
    const parts = [part(`${name}.1`), part(`${name}.2`), part(`${name}.3`)]
    return { driver, questions: new Questions(new LocalFirstBroker(name, driver), () => parts, timeoutMs) }
  })
}

const idsIn = (parts: readonly NodeAnswer[]) =>
  parts.flatMap((each) => (each.ask === 'connections' ? each.connections.map(({ id }) => id) : [])).sort()

test('collects all parts of the answers of several nodes', async () => {
  const [asking] = nodesOf(3, 60_000)
  const { parts, missing } = (await asking?.questions.ask(everyone, ['n1', 'n2'])) ?? {}
  expect(missing).toEqual([])
  expect(idsIn(parts ?? [])).toEqual(['n1.1', 'n1.2', 'n1.3', 'n2.1', 'n2.2', 'n2.3'])
})

test('asks one node alone', async () => {
  const [asking] = nodesOf(3, 60_000)
  const { parts } = (await asking?.questions.ask(everyone, ['n2'])) ?? {}
  expect(idsIn(parts ?? [])).toEqual(['n2.1', 'n2.2', 'n2.3'])
})

test('names nodes that do not answer in time, and keeps the answers of the others', async () => {
  const [asking] = nodesOf(2, 50)
  const { parts, missing } = (await asking?.questions.ask(everyone, ['n1', 'n9'])) ?? {}
  expect(missing).toEqual(['n9'])
  expect(idsIn(parts ?? [])).toHaveLength(3)
})

test('does not wait while the broker is away, nor after it was closed', async () => {
  const [asking] = nodesOf(2, 60_000)
  asking?.driver.connect(false)
  expect(await asking?.questions.ask(everyone, ['n1'])).toEqual({
    parts: [],
    missing: ['n1'],
  })
  asking?.driver.connect(true)
  const answer = asking?.questions.ask(everyone, ['n9'])
  asking?.questions.close()
  expect(await answer).toEqual({ parts: [], missing: ['n9'] })
})

test('names a node of which a part of the answer was lost', async () => {
  const bus = new EventEmitter()
  const lossy = new EmitterBroker(bus)
  const publish = lossy.publish.bind(lossy)
  lossy.publish = (message) => {
    if (message.kind !== 'answer' || message.part !== 1) publish(message)
  }
  const answering = new Questions(new LocalFirstBroker('n1', lossy), () => [part('a'), part('b'), part('c')])
  const asking = new Questions(new LocalFirstBroker('n2', new EmitterBroker(bus)), () => [], 100)
  const { parts, missing } = await asking.ask(everyone, ['n1'])
  expect(missing).toEqual(['n1'])
  expect(idsIn(parts)).toEqual(['a', 'c'])
  answering.close()
})
