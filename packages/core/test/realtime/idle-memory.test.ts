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
/** The same for upgraded sockets of the same process that nothing else is kept for. */
let bare: ReadonlyMap<string, HeapObjects>

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
  const { port, barePort, tokens }: { port: number; barePort: number; tokens: string[] } = await answer()
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
    const after = await snapshot('after.heapsnapshot')
    growth = heapGrowth(before, after, users)
    const openBare = async (count: number) =>
      clients.push(...(await Promise.all(Array.from({ length: count }, () => RawClient.open(barePort, '')))))
    await openBare(warmUp)
    const beforeBare = await snapshot('before-bare.heapsnapshot')
    for (let opened = 0; opened < users; opened += warmUp) await openBare(warmUp)
    bare = heapGrowth(beforeBare, await snapshot('after-bare.heapsnapshot'), users)
  } finally {
    for (const client of clients) client.destroy()
    if (child.connected) child.disconnect()
    await exited.catch(() => undefined)
    removeFolder(folder)
  }
}, 180_000)

const bytesOf = (objects: ReadonlyMap<string, HeapObjects>) =>
  // The engine compiles code meanwhile, for all connections.
  [...objects].reduce((sum, [kind, { bytes }]) => (kind === '(code)' ? sum : sum + bytes), 0)

const countOf = (objects: ReadonlyMap<string, HeapObjects>, kind: string) => objects.get(kind)?.count ?? 0

test('an idle connection keeps one object of each kind of Focus', () => {
  const counts = Object.fromEntries([...growth].map(([kind, { count }]) => [kind, Math.round(count)]))
  expect(counts).toMatchObject({ WebSocketPeer: 1, Connection: 1, UserStream: 1, Cursor: 2 })
})

// Objects of Node's own sockets depend on the version of Node.
test('an idle connection keeps no request, no parser, no timer and no closure more than a bare socket', () => {
  for (const kind of [
    'IncomingMessage',
    'ServerResponse',
    'HTTPParser',
    'Timeout',
    'Promise',
    'FrameReader',
    'Buffer',
    '(closure)',
  ])
    expect(countOf(growth, kind) - countOf(bare, kind), kind).toBeLessThan(0.9)
})

test('an idle connection of a user takes less than 2,500 bytes of the heap more than a bare socket', () => {
  expect(countOf(bare, 'Socket')).toBeCloseTo(1, 1)
  expect(bytesOf(growth) - bytesOf(bare)).toBeLessThan(2_500)
  // Tokens have 480 bytes.
  expect((growth.get('(string)')?.bytes ?? 0) - (bare.get('(string)')?.bytes ?? 0)).toBeLessThan(400)
})
