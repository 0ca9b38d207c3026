import { EventEmitter } from 'node:events'
import { expect, test } from 'vitest'
import { LocalFirstBroker } from '../../../src/cluster/local-first-broker.ts'
import { ClusterDirectory } from '../../../src/cluster/nodes/cluster-directory.ts'
import type { LocalConnections } from '../../../src/cluster/nodes/cluster-view-port.ts'
import { loneNode } from '../../../src/cluster/nodes/lone-node.ts'
import type { ClusterNode } from '../../../src/cluster/nodes/nodes-port.ts'
import { createRuntime } from '../../../src/common/runtime.ts'
import { EmitterBroker } from '../support/emitter-broker.ts'

const self = (name: string) => ({ name, address: null, version: '1', startedAt: 0 })

test('closes a connection of a node that is read from the list only now', async () => {
  const bus = new EventEmitter()
  const runtime = createRuntime()
  const directoryOf = (name: string, peer: string) => {
    let peers: ClusterNode[] = []
    const nodes = {
      ...loneNode(self(name)),
      peers: () => peers,
      refresh: async () => {
        peers = [{ ...self(peer), id: 7 }]
      },
    }
    const broker = new LocalFirstBroker(name, new EmitterBroker(bus))
    return new ClusterDirectory({ nodes, broker, runtime, shared: null })
  }
  const closed: string[] = []
  const local: LocalConnections = {
    changes: 0,
    activity: () => ({ users: 0, connections: 0, deliveries: 0, actions: 0 }),
    sample: () => new Map(),
    connections: () => ({ connections: [], total: 0 }),
    close: (id) => closed.push(id) > 0,
  }
  const [asking, joined] = [directoryOf('a', 'b'), directoryOf('b', 'a')]
  joined.serve(local)
  expect(await asking.close('c.1')).toBe(false)
  expect(await asking.close('b.1')).toBe(true)
  expect(closed).toEqual(['b.1'])
  await asking.stop()
  await joined.stop()
})
