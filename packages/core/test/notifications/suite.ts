import { afterAll, afterEach, beforeAll } from 'vitest'
import { type Backend, ManualClock, type Node, startNode } from './support.ts'

/** Starts nodes with a manual clock each for the surrounding suite; closes those in `nodes` after each test. */
export function nodesOf(backend: Backend) {
  const nodes: Pick<Node, 'close'>[] = []
  beforeAll(() => backend.start())
  afterAll(() => backend.stop())
  afterEach(async () => {
    for (const node of nodes.splice(0)) await node.close()
  })

  async function start(): Promise<Node & { clock: ManualClock }> {
    const clock = new ManualClock()
    const node = await startNode(await backend.url(), { runtime: { clock: clock.read } })
    nodes.push(node)
    return { ...node, clock }
  }
  return { nodes, start }
}
