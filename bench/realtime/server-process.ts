import { once } from 'node:events'
import { createServer, type Server } from 'node:net'
import type { Contestant } from './contestant.ts'
import { contestants, isContestant } from './contestants/index.ts'
import type { Answer, Order } from './protocol.ts'

/** The process of one contestant. The clients acknowledge rounds over a control connection. */
const name = process.argv[2]
if (!isContestant(name)) throw new Error(`Unknown contestant ${name}.`)
const contestant: Contestant = await contestants[name]()

let acknowledged = 0
let onAcknowledged: () => void = () => undefined
const control = createServer((socket) => {
  socket.on('data', (bytes) => {
    acknowledged += bytes.length
    onAcknowledged()
  })
})

await once(contestant.server.listen({ port: 0, host: '127.0.0.1', backlog: 4_096 }), 'listening')
await once(control.listen(0, '127.0.0.1'), 'listening')
answer({ op: 'listening', port: portOf(contestant.server), controlPort: portOf(control) })

process.on('message', (order: Order) => void obey(order))
process.on('disconnect', () => process.exit())

async function obey(order: Order): Promise<void> {
  switch (order.op) {
    case 'rounds':
      answer(await rounds(order))
      break
    case 'memory':
      await settle()
      answer({ op: 'memory', rss: process.memoryUsage.rss() })
      break
    case 'tokens':
      answer({ op: 'tokens', tokens: (await contestant.tokens?.(order.count)) ?? [] })
      break
    case 'cpu': {
      const { user, system } = process.cpuUsage()
      answer({ op: 'cpu', seconds: (user + system) / 1e6 })
      break
    }
    case 'one':
      contestant.notify(order.user)
      break
  }
}

/** Sends rounds, with at most `window` unacknowledged ones. */
async function rounds(order: Extract<Order, { op: 'rounds' }>): Promise<Answer> {
  acknowledged = 0
  const cpu = process.cpuUsage()
  const started = performance.now()
  for (let round = 0; round < order.rounds; round += 1) {
    if (round - acknowledged >= order.window) await until(round - order.window + 1)
    for (let index = 0; index < order.perTurn; index += 1) {
      const user = order.users[Math.floor(Math.random() * order.users.length)]
      if (user !== undefined) contestant.notify(user)
    }
    await new Promise((resolve) => setImmediate(resolve))
  }
  await until(order.rounds)
  const seconds = (performance.now() - started) / 1_000
  const { user, system } = process.cpuUsage(cpu)
  contestant.check?.()
  return { op: 'rounds', seconds, userCpuSeconds: user / 1e6, systemCpuSeconds: system / 1e6 }
}

function until(count: number): Promise<void> {
  if (acknowledged >= count) return Promise.resolve()
  return new Promise((resolve) => {
    onAcknowledged = () => {
      if (acknowledged >= count) resolve()
    }
  })
}

async function settle(): Promise<void> {
  for (let round = 0; round < 5; round += 1) {
    globalThis.gc?.()
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

function answer(message: Answer): void {
  process.send?.(message)
}

function portOf(server: Server): number {
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new Error('The server is not listening.')
  return address.port
}
