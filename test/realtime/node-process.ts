import { once } from 'node:events'
import { createServer } from 'node:http'
import { attachUpgrade, nodeHandler } from '@focus-api/adapters/node'
import { createFocus, type FocusOptions } from '@focus-api/core'

/** One node in a separate process, so that tests can kill, stop and drain it. Its first argument is the options as JSON. */
const { drainMs = 1_000, ...options }: FocusOptions & { drainMs?: number } = JSON.parse(process.argv[2] ?? '{}')

const focus = await createFocus({ env: {}, ...options })
const handle = nodeHandler(focus)
const server = createServer((req, res) => {
  if (!handle(req, res)) res.writeHead(404).end()
})
attachUpgrade(server, focus)
await once(server.listen({ port: options.port ?? 0, host: '127.0.0.1', backlog: 4_096 }), 'listening')

process.once('SIGTERM', () => void leave())
const address = server.address()
process.stdout.write(`${JSON.stringify({ port: typeof address === 'object' ? address?.port : 0 })}\n`)

async function leave(): Promise<void> {
  await focus.drain({ windowMs: drainMs })
  server.closeAllConnections()
  server.close()
  await focus.close()
}
