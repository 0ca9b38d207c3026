import { createServer } from 'node:net'
import { writeHeapSnapshot } from 'node:v8'
import { type Contestant, listenOn } from './contestant.ts'
import { entryOf, isContestant } from './contestants.ts'
import { Arrivals, runLoad } from './load.ts'
import { countedStatements } from './statement-counter.ts'
import type { Answer, Order, ServerArguments } from './protocol.ts'

/** The process of one contestant. The clients tell over a control connection how many frames have arrived. */
const settings: ServerArguments = JSON.parse(process.argv[2] ?? '{}')
if (!isContestant(settings.contestant)) throw new Error(`Unknown contestant ${settings.contestant}.`)
const contestant: Contestant = await entryOf(settings.contestant).open(settings)
const arrivals = new Arrivals()
const control = createServer((socket) => arrivals.readFrom(socket))

process.on('message', (order: Order) => {
  obey(order).catch((error: unknown) => answer({ op: 'failed', message: String(error) }))
})
process.on('disconnect', () => process.exit())
answer({ op: 'listening', port: await contestant.listen(), controlPort: await listenOn(control) })

async function obey(order: Order): Promise<void> {
  switch (order.op) {
    case 'load':
      answer({ op: 'load', ...(await runLoad(contestant, arrivals, order)) })
      break
    case 'memory':
      await settle()
      answer({ op: 'memory', rss: process.memoryUsage.rss() })
      break
    case 'snapshot':
      writeHeapSnapshot(order.file)
      answer({ op: 'snapshot' })
      break
    case 'tokens':
      answer({ op: 'tokens', tokens: (await contestant.tokens?.(order.count)) ?? [] })
      break
    case 'cpu': {
      const { user, system } = process.cpuUsage()
      answer({ op: 'cpu', seconds: (user + system) / 1e6 })
      break
    }
    case 'statements':
      answer({ op: 'statements', count: countedStatements() })
      break
    case 'streams':
      for (let from = 0; from < order.users; from += 1_000) {
        const some = Array.from({ length: Math.min(1_000, order.users - from) }, (_, index) => from + index)
        await Promise.all(some.map(async (user) => contestant.notify(user)))
      }
      answer({ op: 'streams' })
      break
  }
}

/** Collects garbage until the memory no longer shrinks. */
async function settle(): Promise<void> {
  for (let round = 0; round < 5; round += 1) {
    globalThis.gc?.()
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

function answer(message: Answer): void {
  process.send?.(message)
}
