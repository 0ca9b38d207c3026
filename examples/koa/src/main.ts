import { once } from 'node:events'
import { json } from 'node:stream/consumers'
import { attachUpgrade, mountFocus, requireUser, type UserState } from '@focus-api/adapters/koa'
import { googleOrStandIn } from '@focus-api/cli'
import { createFocus } from '@focus-api/core'
import { Router } from '@koa/router'
import Koa from 'koa'
import serve from 'koa-static'

const port = Number(process.env.PORT ?? 8000)
const url = `http://localhost:${port}`
// With GOOGLE_CLIENT_ID and GOOGLE_CLIENT_SECRET, use `createFocus()` alone.
const google = await googleOrStandIn(`${url}/api/auth/google/callback`)
const focus = await createFocus({ port, ...google.options })

const app = new Koa()
mountFocus(app, focus)

const router = new Router<UserState>()
router.post('/activities', requireUser(focus), async (ctx) => {
  const body = (await json(ctx.req)) as { app_name?: unknown; duration_minutes?: unknown }
  const activity = { app_name: String(body.app_name), duration_minutes: Number(body.duration_minutes) }
  await focus.notifications.notifyActivityUpdate({ userId: ctx.state.user.id, activity })
  ctx.status = 201
  ctx.body = activity
})
app.use(router.routes())
app.use(serve(`${import.meta.dirname}/../../public`))

const server = app.listen(port, '127.0.0.1')
attachUpgrade(server, focus)
await once(server, 'listening')
console.log(`Ready at ${url}`)

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void stop())

async function stop(): Promise<void> {
  await focus.drain({ windowMs: 0 })
  server.close()
  server.closeIdleConnections()
  await focus.close()
  await google.close()
}
