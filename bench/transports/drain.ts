/**
 * Drains a long outbox. Measures the time and memory for all deliveries, and with `--ordered` checks the order of each
 * user's deliveries.
 *
 *     node --conditions=@focus-api/source transports/drain.ts [--deliveries 100000] [--database sqlite:/tmp/x.db] [--ordered]
 */
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { createFocus } from '@focus-api/core'
import type { OutboundMessage, Transport } from '@focus-api/core/transports'

const { values } = parseArgs({
  options: {
    deliveries: { type: 'string', default: '100000' },
    database: { type: 'string' },
    ordered: { type: 'boolean', default: false },
  },
})
const deliveries = Number(values.deliveries)
const users = 1_000
const folder = mkdtempSync(join(tmpdir(), 'focus-drain-'))
const database = values.database ?? `sqlite:${join(folder, 'focus.db')}`
const secret = randomBytes(32).toString('base64')

const start = (transport: Transport) =>
  createFocus({
    database,
    secret,
    env: {},
    notifications: { unknownUsers: 'accept', maxPerUser: 1_000_000 },
    transports: [transport],
  })

const { ordered } = values
const stuck: Transport = {
  name: 'sink',
  ordered,
  concurrency: 1,
  deliver: (_, { signal }) =>
    new Promise((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason as Error))
    }),
}

const filling = await start(stuck)
const fillStarted = performance.now()
for (let sent = 0; sent < deliveries; sent += users) {
  const turn = Array.from({ length: Math.min(users, deliveries - sent) }, (_, user) => user + 1)
  await filling.notifications.notifyMany(turn, { title: `turn ${sent / users}`, message: 'to be delivered' })
}
const fillSeconds = (performance.now() - fillStarted) / 1_000
await filling.close()

let arrived = 0
let disorder = 0
let peak = 0
const last = new Map<string, number>()
const done = Promise.withResolvers<void>()
const draining = performance.now()
const before = process.memoryUsage().rss
const cpuBefore = process.cpuUsage()
const sink: Transport = {
  name: 'sink',
  ordered,
  async deliver({ user, offset }: OutboundMessage) {
    const key = user?.key ?? ''
    if ((last.get(key) ?? 0) > offset) disorder += 1
    last.set(key, offset)
    arrived += 1
    if (arrived % 1_000 === 0) peak = Math.max(peak, process.memoryUsage().rss)
    if (arrived === deliveries) done.resolve()
  },
}
const focus = await start(sink)
await done.promise
const seconds = (performance.now() - draining) / 1_000
const cpu = process.cpuUsage(cpuBefore)
// Records the arrived deliveries.
await focus.close()
rmSync(folder, { recursive: true, force: true })

console.table({
  'queued by notifyMany, per second': Math.round(deliveries / fillSeconds),
  'delivered, per second': Math.round(deliveries / seconds),
  'CPU microseconds per delivery': Math.round((cpu.user + cpu.system) / deliveries),
  'memory at its peak above the start, MB': Math.round((peak - before) / 1_048_576),
  'out of order': ordered ? disorder : `${disorder} (not promised)`,
  'delivered twice': arrived - deliveries,
})
