import { betterAuth } from 'better-auth'
import { getMigrations } from 'better-auth/db/migration'
import { toNodeHandler } from 'better-auth/node'
import { genericOAuth } from 'better-auth/plugins'
import Database from 'better-sqlite3'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import express from 'express'
import { Server } from 'socket.io'
import { client } from '../auth/provider.ts'

/** The alternative in an Express application: better-auth on SQLite for sign-in, socket.io for sockets. */
const { issuer, folder }: { issuer: string; folder: string } = JSON.parse(process.argv[2] ?? '{}')

const database = new Database(`${folder}/peers.db`)
database.pragma('journal_mode = WAL')
const options = {
  database,
  baseURL: 'http://localhost:8000',
  secret: 'a-secret-of-the-benchmark-that-is-long-enough',
  telemetry: { enabled: false },
  rateLimit: { enabled: true },
  advanced: { ipAddress: { ipAddressHeaders: ['x-forwarded-for'] } },
  plugins: [
    genericOAuth({
      config: [
        {
          providerId: 'main',
          clientId: client.id,
          clientSecret: client.secret,
          discoveryUrl: `${issuer}/.well-known/openid-configuration`,
          scopes: ['openid', 'email', 'profile'],
          pkce: true,
        },
      ],
    }),
  ],
} satisfies Parameters<typeof betterAuth>[0]
const { runMigrations } = await getMigrations(options)
await runMigrations()
const auth = betterAuth(options)

const app = express()
app.set('trust proxy', 'loopback')
app.all('/api/auth/*splat', toNodeHandler(auth))
const server = createServer(app)
const io = new Server(server, { transports: ['websocket'], perMessageDeflate: false, serveClient: false })
io.on('connection', (socket) => void socket.join(`user:${String(socket.handshake.query['token'])}`))
app.post('/api/notifications', express.json(), (request, response) => {
  io.to(`user:${request.body.user_id}`).emit('notification', request.body)
  response.status(201).json({ outcome: 'sent' })
})
await once(server.listen(0, '127.0.0.1'), 'listening')
process.send?.({ port: (server.address() as AddressInfo).port })
process.once('disconnect', () => process.exit())
