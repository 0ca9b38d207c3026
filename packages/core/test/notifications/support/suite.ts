import { afterEach } from 'vitest'
import { newYear2030 } from '@focus-api/test-kit/values/times'
import { manualClock, type ManualClock } from '@focus-api/core/testing'
import type { Databases } from '@focus-api/test-kit/databases/matrix'
import type { Definitions } from '../../../src/notifications/catalogue/definition.ts'
import { type Node, type NodeOptions, startNode } from './node.ts'

/** Opens nodes on new databases for the surrounding suite, and closes those in `nodes` after each test. */
export function nodesOf(databases: Databases) {
  const nodes: Pick<Node, 'close'>[] = []
  afterEach(async () => {
    for (const node of nodes.splice(0)) await node.close()
  })

  async function open<Extra extends Definitions = Definitions>(options: NodeOptions<Extra> = {}) {
    const node = await startNode(await databases.create(), options)
    nodes.push(node)
    return node
  }

  /** Opens a node with its own manual clock. */
  async function start(): Promise<Node & { clock: ManualClock }> {
    const clock = manualClock(newYear2030)
    return { ...(await open({ runtime: { clock } })), clock }
  }
  return { nodes, open, start }
}
