import { createServer } from 'node:net'
import { setImmediate as turn, setTimeout as delay } from 'node:timers/promises'
import { listenOn } from '../harness/contestant.ts'
import { Arrivals } from '../harness/load.ts'
import { nowMs } from '../harness/protocol.ts'
import type { ClusterContestant } from './contestant.ts'
import { focus } from './focus.ts'
import { focusHub } from './focus-hub.ts'
import type { NodeAnswer, NodeArguments, NodeOrder } from './protocol.ts'
import { socketIo } from './socket-io.ts'

/** The process of one node. */
const { contestant: name, databaseUrl, redisUrl }: NodeArguments = JSON.parse(process.argv[2] ?? '{}')
const contestant = await start()

const arrivals = new Arrivals()
const control = createServer((socket) => arrivals.readFrom(socket))
process.on('message', (order: NodeOrder) => void obey(order))
process.on('disconnect', () => process.exit())
answer({ op: 'ready', port: await contestant.listen(), controlPort: await listenOn(control) })

function start(): Promise<ClusterContestant> {
  if (name === 'focus') return focus(databaseUrl, redisUrl)
  if (redisUrl === null) throw new Error(`${name} needs Redis.`)
  return name === 'focus hub' ? focusHub(redisUrl) : socketIo(redisUrl)
}

async function obey(order: NodeOrder): Promise<void> {
  switch (order.op) {
    case 'tokens':
      answer({ op: 'tokens', tokens: await contestant.tokens(order.count) })
      break
    case 'trickle':
      for (let sent = 0; sent < order.count; sent += 1) {
        await contestant.notify(anyOf(order.users), nowMs())
        await delay(order.pauseMs)
      }
      answer({ op: 'trickled' })
      break
    case 'flood':
      answer({ op: 'flooded', startedMs: await flood(order) })
      break
    case 'usage': {
      const { user, system } = process.cpuUsage()
      answer({ op: 'usage', cpuSeconds: (user + system) / 1e6, received: await contestant.received() })
      break
    }
  }
}

/** Sends in turns of up to 32, as requests arrive. Returns when it started. */
async function flood({ users, count, window }: Extract<NodeOrder, { op: 'flood' }>): Promise<number> {
  const startedMs = nowMs()
  const from = arrivals.frames
  let stored = 0
  let isStored = false
  let wake: () => void = () => undefined
  arrivals.onChange(() => wake())
  for (let sent = 0; sent < count; ) {
    const done = isStored ? stored : arrivals.frames - from
    if (sent - done >= window) await new Promise<void>((resolve) => (wake = resolve))
    else {
      for (let index = 0; index < 32 && sent < count; index += 1) {
        sent += 1
        const storing = contestant.notify(anyOf(users), startedMs)
        if (!storing) continue
        isStored = true
        void storing.then(() => {
          stored += 1
          wake()
        })
      }
      await turn()
    }
  }
  return startedMs
}

function anyOf(users: readonly number[]): number {
  return users[Math.floor(Math.random() * users.length)] ?? 0
}

function answer(message: NodeAnswer): void {
  process.send?.(message)
}
