import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { attachUpgrade, nodeHandler, requireUser } from '@focus-api/adapters/node'
import { createFocus } from '@focus-api/core'

// One node. All nodes have the same DATABASE_URL, FOCUS_SECRET and FOCUS_PUBLIC_URL, and REDIS_URL if there is one.
const port = Number(process.env.PORT ?? 8000)
const issuer = process.env.EXAMPLE_ISSUER
const focus = await createFocus(issuer ? { google: { issuer } } : {})

const routes = nodeHandler(focus)
const guard = requireUser(focus)
const server = createServer((request, response) => {
  // A proxy must not send its next request on a connection that is about to end.
  if (draining) response.setHeader('connection', 'close')
  if (!routes(request, response)) answer(request, response).catch(() => response.writeHead(500).end())
})
let draining = false
// Longer than the keep-alive of nginx (../nginx/upstream.conf): the proxy closes idle connections, never the node.
server.keepAliveTimeout = 65_000
attachUpgrade(server, focus)
await once(server.listen(port, process.env.HOST ?? '0.0.0.0'), 'listening')

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void stop())

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.method === 'POST' && request.url === '/activities') return recordActivity(request, response)
  const [file, type] = request.url === '/page.js' ? ['page.js', 'text/javascript'] : ['index.html', 'text/html']
  response.setHeader('content-type', `${type}; charset=utf-8`)
  response.end(readFileSync(new URL(`../../public/${file}`, import.meta.url)))
}

async function recordActivity(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const user = await guard(request, response)
  if (!user) return
  const body = await readActivity(request)
  if (body === null) return void response.writeHead(400).end()
  const activity = { app_name: String(body.app_name), duration_minutes: Number(body.duration_minutes) }
  await focus.notifications.notifyActivityUpdate({ userId: user.id, activity })
  response.writeHead(201, { 'content-type': 'application/json' }).end(JSON.stringify(activity))
}

interface ActivityBody {
  readonly app_name?: unknown
  readonly duration_minutes?: unknown
}

/** Reads a body of at most 10 kB; null if it is longer, or is not a JSON object. */
async function readActivity(request: IncomingMessage): Promise<ActivityBody | null> {
  let text = ''
  for await (const chunk of request.setEncoding('utf8')) if ((text += String(chunk)).length > 10_000) return null
  try {
    const body: unknown = JSON.parse(text)
    return typeof body === 'object' && body !== null ? body : null
  } catch {
    return null
  }
}

/** `/ready` answers 503 from now on, and the clients connect to other nodes, spread over the window. */
async function stop(): Promise<void> {
  draining = true
  await focus.drain({ windowMs: Number(process.env.EXAMPLE_DRAIN_MS ?? 5_000) })
  const closed = once(server, 'close')
  server.close()
  server.closeIdleConnections()
  // Requests in progress have two seconds more, with the database still open.
  setTimeout(() => server.closeAllConnections(), 2_000).unref()
  await closed
  await focus.close()
}
