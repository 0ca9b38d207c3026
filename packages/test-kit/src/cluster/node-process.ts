import { once } from 'node:events'
import { createServer } from 'node:http'
import { attachUpgrade, nodeHandler } from '@focus-api/adapters/node'
import { createFocus, type FocusOptions } from '@focus-api/core'

/** One node of a cluster. Its first argument is a `NodeArguments` as JSON; it writes `ready` when it listens. */
export interface NodeArguments {
  readonly port: number
  readonly drainMs: number
  /** `DATABASE_URL`, `REDIS_URL` and other variables of Focus. */
  readonly env: Readonly<Record<string, string>>
  readonly options: FocusOptions
}

const { port, drainMs, env, options }: NodeArguments = JSON.parse(process.argv[2] ?? '{}')
const focus = await createFocus({ ...options, env })
const handle = nodeHandler(focus)
let isLeaving = false
const server = createServer((request, response) => {
  if (isLeaving) response.setHeader('connection', 'close')
  if (!handle(request, response)) response.writeHead(404).end()
})
attachUpgrade(server, focus)
await once(server.listen({ port, host: '127.0.0.1', backlog: 4_096 }), 'listening')
process.once('SIGTERM', () => void leave())
process.stdout.write('ready\n')

async function leave(): Promise<void> {
  isLeaving = true
  await focus.drain({ windowMs: drainMs })
  // Requests that are under way get their answers.
  const closed = once(server, 'close', { signal: AbortSignal.timeout(3_000) }).catch(() => undefined)
  server.close()
  server.closeIdleConnections()
  await closed
  await focus.close()
  server.closeAllConnections()
}
