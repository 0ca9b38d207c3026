import type { AddressInfo } from 'node:net'
import express from 'express'
import { contestants, isContestant } from './contestants.ts'

/** An Express server in a process of its own, with one contestant in front of one small route. */
const name = process.argv[2]
if (!isContestant(name)) throw new Error(`Unknown contestant ${name}.`)
const { middleware, token } = await contestants[name]()
const app = express()
app.disable('x-powered-by')
app.disable('etag')
app.get('/protected', ...middleware, (_req, res) => {
  res.json({ ok: true })
})
const server = app.listen(0, '127.0.0.1', () => {
  process.send?.({ port: (server.address() as AddressInfo).port, token })
})
process.on('message', () => process.send?.(process.cpuUsage()))
process.on('disconnect', () => process.exit())
