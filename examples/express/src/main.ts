import { once } from 'node:events'
import { mountFocus, requireUser } from '@focus-api/adapters/express'
import { googleOrStandIn } from '@focus-api/cli'
import { createFocus } from '@focus-api/core'
import express from 'express'

const port = Number(process.env.PORT ?? 8000)
const url = `http://localhost:${port}`
// With GOOGLE_CLIENT_ID and GOOGLE_CLIENT_SECRET, use `createFocus()` alone.
const google = await googleOrStandIn(`${url}/api/auth/google/callback`)
const focus = await createFocus({ port, ...google.options })

const app = express()
const server = app.listen(port, '127.0.0.1')
mountFocus(app, focus, { server })

app.post('/activities', requireUser(focus), express.json(), async (req, res) => {
  const activity = { app_name: String(req.body.app_name), duration_minutes: Number(req.body.duration_minutes) }
  await focus.notifications.notifyActivityUpdate({ userId: req.user.id, activity })
  res.status(201).json(activity)
})

app.use(express.static(`${import.meta.dirname}/../../public`))

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
