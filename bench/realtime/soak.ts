import { fork } from 'node:child_process'
import { once } from 'node:events'
import { parseArgs } from 'node:util'
import type { SoakClientReport, SoakServerMessage } from './soak-protocol.ts'
import { median } from '../statistics.ts'

/**
 * Many connections, steady notifications through the real log, and random disconnects. No notification may be lost or
 * duplicated, and the server's memory must stay constant after the warm-up. The long form of `unicast` of `npm run bench`.
 *
 *     npm --prefix bench run soak -- [--connections 10000] [--minutes 10] [--rate 500] [--kicks 20]
 */
const { values } = parseArgs({
  options: {
    connections: { type: 'string', default: '10000' },
    minutes: { type: 'string', default: '10' },
    rate: { type: 'string', default: '500' },
    kicks: { type: 'string', default: '20' },
  },
})
const connections = Number(values.connections)
const minutes = Number(values.minutes)
const kicks = Number(values.kicks)
/** Accepted growth of the median RSS from the second third to the last. Medians hide samples after a garbage collection. */
const tolerance = 0.1

const here = (file: string) => new URL(file, import.meta.url)
const server = fork(here('soak-server-process.ts'), [JSON.stringify({ connections, rate: Number(values.rate), kicks })])
const client = fork(here('soak-client-process.ts'))
const memory: number[] = []
let last: SoakClientReport | null = null

server.on('message', (message: SoakServerMessage) => {
  if (message.op === 'ready') client.send({ url: message.url, tokens: message.tokens, kicks })
  if (message.op !== 'report') return
  memory.push(message.rss)
  console.log(
    `${memory.length * 5} s: rss ${megabytes(message.rss)} MB, heap ${megabytes(message.heap)} MB, ` +
      `${message.connections} connections, ${message.sent} sent` +
      (last
        ? `; ${last.received} received, ${last.reconnects} reconnects, ${last.lost} lost, ${last.duplicated} duplicated`
        : ''),
  )
})
client.on('message', (report: SoakClientReport) => {
  last = report
})

const [first]: SoakClientReport[] = await once(client, 'message')
console.log(`${first?.connected} connected`)
server.send('start')
await new Promise((resolve) => setTimeout(resolve, minutes * 60_000))
client.send('calm')
server.send('stop')
const { heads } = await stopped()
// The last disconnected clients need about a second to reconnect, and healing needs its interval.
await new Promise((resolve) => setTimeout(resolve, 10_000))
client.send('finish')
const final = await positionsOf()
const behind = heads.filter((head, index) => head !== (final.positions?.[index] ?? 0)).length
const third = Math.floor(memory.length / 3)
const growth = median(memory.slice(-third)) / median(memory.slice(third, -third)) - 1
const { positions: _, op: __, ...counts } = final
console.log({ ...counts, behind, rssGrowthSinceWarm: `${(growth * 100).toFixed(1)} %` })
server.disconnect()
client.disconnect()
const good = final.lost === 0 && final.duplicated === 0 && final.unrecovered === 0 && behind === 0 && growth < tolerance
console.log(good ? 'passed' : 'FAILED')
process.exitCode = good ? 0 : 1

async function stopped(): Promise<Extract<SoakServerMessage, { op: 'stopped' }>> {
  for (;;) {
    const [message]: SoakServerMessage[] = await once(server, 'message')
    if (message?.op === 'stopped') return message
  }
}

async function positionsOf(): Promise<SoakClientReport> {
  for (;;) {
    const [message]: SoakClientReport[] = await once(client, 'message')
    if (message?.positions) return message
  }
}

function megabytes(bytes: number): number {
  return Math.round(bytes / 1_048_576)
}
