import { afterEach } from 'vitest'
import { newYear2030 } from '@focus-api/test-kit/values/times'
import { manualClock, type ManualClock } from '@focus-api/core/testing'
import type { Databases } from '@focus-api/test-kit/databases/matrix'
import { type Node, startNode } from './node.ts'

/** Starts nodes with a manual clock each for the surrounding suite; closes those in `nodes` after each test. */
export function nodesOf(databases: Databases) {
  const nodes: Pick<Node, 'close'>[] = []
  afterEach(async () => {
    for (const node of nodes.splice(0)) await node.close()
  })

  async function start(): Promise<Node & { clock: ManualClock }> {
    const clock = manualClock(newYear2030)
    const node = await startNode(await databases.create(), { runtime: { clock } })
    nodes.push(node)
    return { ...node, clock }
  }
  return { nodes, start }
}
