import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { attachUpgrade } from '@focus-api/adapters/node'
import { createFocus, type UserId } from '@focus-api/core'
import type { SoakOptions, SoakServerMessage } from './soak-protocol.ts'
import { profileOf } from '@focus-api/test-kit/focus/profile'

/** The server process: Focus with its log in SQLite, and steady notifications to random users. */
const options: SoakOptions = JSON.parse(process.argv[2] ?? '{}')
const folder = mkdtempSync(join(tmpdir(), 'focus-soak-'))
const focus = await createFocus({
  env: {},
  database: `sqlite:${join(folder, 'focus.db')}`,
  websocket: { limits: { connectionsPerUser: 1_000 } },
})
const server = createServer()
attachUpgrade(server, focus)
await once(server.listen({ port: 0, host: '127.0.0.1', backlog: 4_096 }), 'listening')
const address = server.address()
const heads = Array.from({ length: options.connections }, () => 0)
const userIds: UserId[] = []
let sent = 0

tell({
  op: 'ready',
  url: `ws://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/api/ws/notifications`,
  tokens: await Promise.all(heads.map((_, user) => accessToken(user))),
})

const everyMs = 20
const timers: NodeJS.Timeout[] = []
const inFlight = new Set<Promise<unknown>>()

process.on('message', (order: 'start' | 'stop') => void (order === 'start' ? start() : stop()))
process.on('disconnect', () => {
  rmSync(folder, { recursive: true, force: true })
  process.exit()
})

async function accessToken(user: number): Promise<string> {
  const subject = `user-${user}`
  const profile = profileOf(subject, { provider: 'soak', issuer: 'https://soak.example', preferredUsername: subject })
  const { user: account } = await focus.auth.accounts.signIn(profile)
  userIds[user] = account.id
  return (await focus.auth.sessions.startShort(account, 86_400)).accessToken
}

function start(): void {
  timers.push(
    setInterval(() => repeatedly((options.rate * everyMs) / 1_000, notify), everyMs),
    setInterval(() => repeatedly((options.kicks * everyMs) / 2_000, kick), everyMs),
    setInterval(report, 5_000),
  )
}

/** Calls `work` `times` times on average. `times` may be a fraction. */
function repeatedly(times: number, work: () => void): void {
  const whole = Math.floor(times) + (Math.random() < times % 1 ? 1 : 0)
  for (let index = 0; index < whole; index += 1) work()
}

function notify(): void {
  const user = Math.floor(Math.random() * options.connections)
  const sending = focus.notifications
    .notifyUser({ userId: userIds[user] ?? 0, title: 'Soak', message: 'm'.repeat(100), data: { user } })
    .then((receipt) => {
      if ('offset' in receipt) heads[user] = Math.max(heads[user] ?? 0, receipt.offset)
      sent += 1
    })
    .finally(() => inFlight.delete(sending))
  inFlight.add(sending)
}

function kick(): void {
  void focus.realtime.connections().then((connections) => {
    const chosen = connections[Math.floor(Math.random() * connections.length)]
    return chosen && focus.realtime.close(chosen.id)
  })
}

function report(): void {
  const { rss, heapUsed } = process.memoryUsage()
  void focus.realtime.stats().then(({ activeConnections }) => {
    tell({ op: 'report', rss, heap: heapUsed, connections: activeConnections, sent })
  })
}

async function stop(): Promise<void> {
  for (const timer of timers) clearInterval(timer)
  await Promise.all(inFlight)
  tell({ op: 'stopped', heads })
}

function tell(message: SoakServerMessage): void {
  process.send?.(message)
}
