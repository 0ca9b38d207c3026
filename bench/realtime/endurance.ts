import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { Follower } from '../../test/realtime/follower.ts'
import { Node } from '../../test/realtime/node.ts'
import { RunningFocus } from '../../test/realtime/running-focus.ts'
import { removeFolder, startNginx, temporaryFolder } from '@focus-api/test-kit/servers/servers'
import type { ClientOrder } from '../harness/protocol.ts'

/**
 * Trials that take too long for the test suite.
 *
 *     npm --prefix bench run endurance -- nginx     five minutes behind nginx with its time-out of 60 s
 *     npm --prefix bench run endurance -- sigterm   SIGTERM with 5,000 clients
 *     npm --prefix bench run endurance -- churn     100,000 connects and disconnects
 */
const trials: Readonly<Record<string, () => Promise<void>>> = { nginx, sigterm, churn }

const { positionals } = parseArgs({ allowPositionals: true })
for (const name of positionals.length > 0 ? positionals : Object.keys(trials)) {
  const trial = trials[name]
  if (!trial) throw new Error(`Unknown trial ${name}. Trials: ${Object.keys(trials).join(', ')}.`)
  const started = performance.now()
  await trial()
  console.log(`${name}: passed in ${((performance.now() - started) / 1_000).toFixed(1)} s`)
}

async function nginx(): Promise<void> {
  const server = await RunningFocus.start({ websocket: { heartbeatIntervalSeconds: 3_600 } })
  const proxy = await startNginx(
    ({ port }) => `server {
      listen 127.0.0.1:${port};
      location / {
        proxy_pass ${new URL(server.url).origin};
        proxy_http_version 1.1;
        proxy_set_header Upgrade $http_upgrade;
        proxy_set_header Connection "upgrade";
      }
    }`,
  )
  try {
    const alice = await server.signIn('alice')
    const follower = new Follower(alice.token)
    await follower.connect(`${proxy.url}/api`)
    await new Promise((resolve) => setTimeout(resolve, 5 * 60_000))
    await server.focus.notifications.notifyUser({ userId: alice.id, title: 'still there', message: 'm' })
    await follower.until(1)
    must(follower.closeCodes.length === 0, `closed with ${follower.closeCodes.join(', ')}`)
    await follower.close()
  } finally {
    await proxy.stop()
    await server.stop()
  }
}

async function sigterm(): Promise<void> {
  await withNode(async (node, token) => {
    const followers = Array.from({ length: 5_000 }, () => new Follower(token))
    const left = followers.values()
    await Promise.all(
      Array.from({ length: 50 }, async () => {
        for (const follower of left) await follower.connect(node.url)
      }),
    )
    const exited = once(node.process, 'exit')
    node.process.kill('SIGTERM')
    await Promise.all(followers.map((follower) => follower.closed()))
    const [code] = await exited
    must(code === 0, `the node ended with ${code}`)
    const codes = new Set(followers.flatMap(({ closeCodes }) => closeCodes))
    must(codes.size === 1 && codes.has(1012), `closed with ${[...codes].join(', ')}`)
  })
}

async function churn(): Promise<void> {
  await withNode(async (node, token) => {
    const clients = fork(new URL('../harness/client-process.ts', import.meta.url))
    const sockets = Array.from({ length: 10_000 }, () => ({ port: node.port, token }))
    for (let round = 0; round < 10; round += 1) {
      const order = { op: 'connect', controlPort: null, greeting: 'focus', sockets, concurrency: 64 } as const
      clients.send(order satisfies ClientOrder)
      await once(clients, 'message')
    }
    clients.disconnect()
    while ((await node.stats()).active_connections > 0) await new Promise((resolve) => setTimeout(resolve, 100))
    const metrics = await (await node.admin('/metrics')).text()
    must(/^focus_realtime_connections_opened_total 100000$/m.test(metrics), 'not all connections were opened')
    // A remaining timer or socket would keep the process alive.
    must((await node.leave()) === 0, 'the node did not end by itself')
  })
}

async function withNode(work: (node: Node, token: string) => Promise<void>): Promise<void> {
  const folder = temporaryFolder('endurance')
  const database = `sqlite:${join(folder, 'focus.db')}`
  const secret = 'a-secret-of-a-test-that-is-long-enough-for-all'
  const first = await RunningFocus.start({ database, secret })
  await first.signIn('alice')
  await first.stop()
  const node = await Node.start({ database, drainMs: 5_000, websocket: { limits: { connectionsPerUser: 10_000 } } })
  try {
    await work(node, await node.token('alice'))
  } finally {
    await node.kill()
    removeFolder(folder)
  }
}

function must(condition: boolean, message: string): void {
  if (!condition) throw new Error(message)
}
