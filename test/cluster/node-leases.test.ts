import { afterEach, expect, test } from 'vitest'
import { type FocusDev, startFocusDev } from '@focus-api/test-kit/focus/focus-dev'
import { openSocket } from '@focus-api/test-kit/focus/notification-socket'
import { signIn } from '@focus-api/test-kit/focus/sign-in'

const open: FocusDev[] = []
afterEach(async () => {
  for (const node of open.splice(0).toReversed()) await node.stop()
})

async function start(name: string, database?: string): Promise<FocusDev> {
  const node = await startFocusDev({ env: { FOCUS_NODE: name, ...(database && { DATABASE_URL: database }) } })
  open.push(node)
  return node
}

/** Returns what a node knows of the cluster. */
async function clusterAt({ url, adminKey }: FocusDev): Promise<{ nodes: string[]; users: number }> {
  const answer = await fetch(`${url}/api/admin/nodes`, { headers: { authorization: `Bearer ${adminKey}` } })
  const { nodes }: { nodes: { name: string; users: number }[] } = await answer.json()
  return { nodes: nodes.map(({ name }) => name).sort(), users: nodes.reduce((sum, { users }) => sum + users, 0) }
}

/** Two leases, and the time of a busy machine. */
const patience = { timeout: 60_000, interval: 250 }

const title =
  'a node that is stopped leaves the cluster with its users, and joins again by itself; a killed one leaves for good'
test(title, { timeout: 240_000 }, async () => {
  const one = await start('one')
  const two = await start('two', `sqlite:${one.data}/focus.db`)
  const { access_token: token } = await signIn(two, 'alice')
  const socket = await openSocket(two, token)
  await socket.next('connection')
  const both = { nodes: ['one', 'two'], users: 1 }
  const alone = { nodes: ['one'], users: 0 }
  await expect.poll(() => clusterAt(one), patience).toEqual(both)
  two.process.kill('SIGSTOP')
  await expect.poll(() => clusterAt(one), patience).toEqual(alone)
  two.process.kill('SIGCONT')
  await expect.poll(() => clusterAt(one), patience).toEqual(both)
  await expect.poll(() => clusterAt(two), patience).toEqual(both)
  await two.end('SIGKILL')
  await expect.poll(() => clusterAt(one), patience).toEqual(alone)
})
