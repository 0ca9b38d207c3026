import { attacks, type RequestFlood } from './attacks.ts'
import { HttpClient } from './http-client.ts'
import type { Scene } from './scene.ts'

/** The process of the attacker: floods until the message to stop, then reports the outcomes. */
const { name, scene }: { name: string; scene: Scene } = JSON.parse(process.argv[2] ?? '{}')
const flood = attacks[name]?.floods[scene.target]
if (!flood) throw new Error(`Unknown flood ${name} of ${scene.target}.`)

const stop = new AbortController()
process.once('message', () => stop.abort())
process.once('disconnect', () => process.exit())
const counts = await (flood.kind === 'requests' ? floodWithRequests(flood) : flood.run(scene, stop.signal))
process.send?.(counts, () => process.exit())

async function floodWithRequests({ perSecond, shot }: RequestFlood): Promise<Record<string, number>> {
  const client = new HttpClient(scene.port, { connections: 512 })
  const counts: Record<string, number> = {}
  const count = (what: string) => void (counts[what] = (counts[what] ?? 0) + 1)
  let sent = 0
  let underWay = 0
  const startedAt = performance.now()
  const timer = setInterval(() => {
    // Open loop: the rate does not depend on the answers, except for a limit of simultaneous requests.
    const due = Math.floor(((performance.now() - startedAt) / 1_000) * perSecond)
    for (; sent < due; sent += 1) {
      if (underWay >= 4_000) {
        count('not sent')
        continue
      }
      underWay += 1
      client
        .ask(shot(scene, sent))
        .then(({ status }) => count(String(status)))
        .catch((error: Error) =>
          count(error.name === 'AbortError' || error.name === 'TimeoutError' ? 'no answer' : 'error'),
        )
        .finally(() => (underWay -= 1))
    }
  }, 5)
  await new Promise((resolve) => stop.signal.addEventListener('abort', resolve, { once: true }))
  clearInterval(timer)
  client.close()
  return counts
}
