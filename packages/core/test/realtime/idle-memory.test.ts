import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { beforeAll, expect, test, vi } from 'vitest'
import { type HeapObjects, heapGrowth, readHeapSnapshot } from '@focus-api/test-kit/processes/heap-snapshot'
import { removeFolder, temporaryFolder } from '@focus-api/test-kit/processes/temporary-folder'
import { RawClient } from './support/raw-client.ts'

const warmUp = 50
const users = 500

/** Growth of the heap for each idle connection of a user with a token that is new to the process. */
let growth: ReadonlyMap<string, HeapObjects>

beforeAll(async () => {
  const folder = temporaryFolder('idle')
  const child = fork(
    join(import.meta.dirname, 'support/idle-process.ts'),
    [`sqlite:${join(folder, 'focus.db')}`, String(warmUp + users)],
    { execArgv: ['--conditions=@focus-api/source'] },
  )
  const exited = once(child, 'exit').then(() => {
    throw new Error('The server ended.')
  })
  exited.catch(() => undefined)
  const answer = async () => (await Promise.race([once(child, 'message'), exited]))[0]
  const clients: RawClient[] = []
  const { port, tokens }: { port: number; tokens: string[] } = await answer()
  const open = async (some: readonly string[]) => {
    const opened = await Promise.all(some.map((token) => RawClient.open(port, `?token=${token}`)))
    await vi.waitUntil(() => opened.every((client) => client.frames().length > 0), { timeout: 30_000 })
    clients.push(...opened)
  }
  const snapshot = async (name: string) => {
    child.send(join(folder, name))
    return readHeapSnapshot(await answer())
  }
  try {
    await open(tokens.slice(0, warmUp))
    const before = await snapshot('before.heapsnapshot')
    for (let from = warmUp; from < tokens.length; from += warmUp) await open(tokens.slice(from, from + warmUp))
    growth = heapGrowth(before, await snapshot('after.heapsnapshot'), users)
  } finally {
    for (const client of clients) client.destroy()
    if (child.connected) child.disconnect()
    await exited.catch(() => undefined)
    removeFolder(folder)
  }
}, 180_000)

test('an idle connection keeps its socket and one object of each kind', () => {
  const counts = Object.fromEntries([...growth].map(([kind, { count }]) => [kind, Math.round(count)]))
  expect(counts).toMatchObject({ Socket: 1, TCP: 1, WebSocketPeer: 1, Connection: 1, UserStream: 1, Cursor: 2 })
})

test('an idle connection keeps no request, no parser, no timer and no closure of Focus', () => {
  for (const kind of ['IncomingMessage', 'ServerResponse', 'HTTPParser', 'Timeout', 'Promise', 'FrameReader', 'Buffer'])
    expect(growth.get(kind)?.count ?? 0, kind).toBeLessThan(0.1)
  // The one closure is `onwrite` of Node's streams.
  expect(growth.get('(closure)')?.count).toBeLessThan(1.5)
})

test('an idle connection of a user takes less than 3,500 bytes of the heap', () => {
  // The engine compiles code meanwhile, for all connections.
  const bytes = [...growth].reduce((sum, [kind, objects]) => (kind === '(code)' ? sum : sum + objects.bytes), 0)
  expect(bytes).toBeLessThan(3_500)
  // Tokens have 480 bytes.
  expect(growth.get('(string)')?.bytes).toBeLessThan(400)
})
