import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { heapGrowth, readHeapSnapshot } from '@focus-api/test-kit/processes/heap-snapshot'
import { removeFolder, temporaryFolder } from '@focus-api/test-kit/processes/temporary-folder'
import { Arena } from '../harness/arena.ts'
import type { ContestantName } from '../harness/contestants.ts'
import { earlierTokens, warmUp } from './memory.ts'

/**
 * Prints what the heap of a server keeps for each idle connection of a user of its own, by kind of object: the difference of two
 * heap snapshots. The users of Focus signed in earlier, and its process is fresh.
 *
 *     npm --prefix bench run heap -- [focus ws socket.io …] [--connections 10000]
 */
const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { connections: { type: 'string', default: '10000' } },
})
const names = (positionals.length > 0 ? positionals : ['focus']) as ContestantName[]
const folder = temporaryFolder('heap')
try {
  for (const name of names) await printHeap(name, Number(values.connections))
} finally {
  removeFolder(folder)
}

async function printHeap(name: ContestantName, connections: number): Promise<void> {
  const database = `sqlite:${join(folder, 'focus.db')}`
  const total = connections + warmUp
  const tokens =
    name === 'focus' ? await earlierTokens(database, total) : Array.from({ length: total }, (_, user) => String(user))
  const [before, after] = ['before', 'after'].map((part) => join(folder, `${part}.heapsnapshot`)) as [string, string]
  const arena = await Arena.open(name, { database })
  try {
    await arena.connect(tokens.slice(0, warmUp))
    await arena.snapshot(before)
    await arena.connect(tokens.slice(warmUp))
    await arena.snapshot(after)
  } finally {
    await arena.close()
  }
  const growth = heapGrowth(readHeapSnapshot(before), readHeapSnapshot(after), connections)
  const sum = [...growth.values()].reduce((bytes, kind) => bytes + kind.bytes, 0)
  console.log(`\n${name}: ${Math.round(sum)} bytes of the heap per idle connection, of ${connections}`)
  const rows = [...growth].filter(([, { bytes }]) => bytes >= 4)
  console.table(
    rows.map(([kind, { count, bytes }]) => ({ kind, each: Number(count.toFixed(2)), bytes: Math.round(bytes) })),
  )
}
