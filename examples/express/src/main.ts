import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { mountFocus, requireUser } from '@focus-api/adapters/express'
import { createFocus } from '@focus-api/core'
import express from 'express'
import { googleOrStandIn } from './google.ts'

const app = express()
const server = app.listen(Number(process.env.PORT ?? 8000), '127.0.0.1')
await once(server, 'listening')
const { port } = server.address() as AddressInfo
const url = `http://localhost:${port}`

// With GOOGLE_CLIENT_ID and GOOGLE_CLIENT_SECRET set, `createFocus()` alone would do.
const google = await googleOrStandIn(`${url}/api/auth/google/callback`)
const focus = await createFocus({ port, ...google.options })
mountFocus(app, focus, { server })

app.post('/activities', requireUser(focus), express.json(), async (req, res) => {
  const activity = { app_name: String(req.body.app_name), duration_minutes: Number(req.body.duration_minutes) }
  await focus.notifications.notifyActivityUpdate({ userId: req.user.id, activity })
  res.status(201).json(activity)
})

app.use(express.static(`${import.meta.dirname}/../public`))

console.log(`Ready at ${url}`)

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void end())

async function end(): Promise<void> {
  await focus.drain({ windowMs: 0 })
  server.close()
  server.closeIdleConnections()
  await focus.close()
  await google.close()
}
