import { afterEach } from 'vitest'
import type { Databases } from '@focus-api/test-kit/databases/matrix'
import { ManualClock, type Node, startNode } from './support.ts'

/** Starts nodes with a manual clock each for the surrounding suite; closes those in `nodes` after each test. */
export function nodesOf(databases: Databases) {
  const nodes: Pick<Node, 'close'>[] = []
  afterEach(async () => {
    for (const node of nodes.splice(0)) await node.close()
  })

  async function start(): Promise<Node & { clock: ManualClock }> {
    const clock = new ManualClock()
    const node = await startNode(await databases.create(), { runtime: { clock: clock.read } })
    nodes.push(node)
    return { ...node, clock }
  }
  return { nodes, start }
}
