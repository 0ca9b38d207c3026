import { mountFocus, requireUser, type UserVariables } from '@focus-api/adapters/fetch'
import { googleOrStandIn } from '@focus-api/cli'
import { createFocus } from '@focus-api/core'
import { createAdaptorServer } from '@hono/node-server'
import { serveStatic } from '@hono/node-server/serve-static'
import { Hono } from 'hono'
import { once } from 'node:events'
import type { Server } from 'node:http'
import { relative } from 'node:path'

const port = Number(process.env.PORT ?? 8000)
const url = `http://localhost:${port}`
// With GOOGLE_CLIENT_ID and GOOGLE_CLIENT_SECRET, use `createFocus()` alone.
const google = await googleOrStandIn(`${url}/api/auth/google/callback`)
const focus = await createFocus({ port, ...google.options })

const app = new Hono<{ Variables: UserVariables }>()
const server = createAdaptorServer({ fetch: app.fetch }) as Server
mountFocus(app, focus, { server })

app.post('/activities', requireUser(focus), async (context) => {
  const body = await context.req.json<{ app_name: unknown; duration_minutes: unknown }>()
  const activity = { app_name: String(body.app_name), duration_minutes: Number(body.duration_minutes) }
  await focus.notifications.notifyActivityUpdate({ userId: context.get('user').id, activity })
  return context.json(activity, 201)
})

app.use('*', serveStatic({ root: relative(process.cwd(), `${import.meta.dirname}/../../public`) }))

server.listen(port, '127.0.0.1')
await once(server, 'listening')
console.log(`Ready at ${url}`)

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void stop())

async function stop(): Promise<void> {
  await focus.drain({ windowMs: 0 })
  server.close()
  if ('closeIdleConnections' in server) server.closeIdleConnections()
  await focus.close()
  await google.close()
}
