import { once } from 'node:events'
import { createServer } from 'node:http'
import { attachUpgrade, nodeHandler } from '@focus-api/adapters/node'
import { createFocus } from '@focus-api/core'
import { profileOf } from '@focus-api/test-kit/focus/profile'

/** Focus behind a local reverse proxy, with two users: one with an exempt address, and one with a limited address. */
const adminKey = 'the-admin-key-of-the-benchmark-of-refusals'
const focus = await createFocus({
  env: {},
  database: 'sqlite::memory:',
  adminKey,
  trustedProxies: ['loopback'],
  rateLimits: { exemptLoopback: true },
})
const handle = nodeHandler(focus)
const server = createServer((req, res) => void handle(req, res))
attachUpgrade(server, focus)
await once(server.listen(0, '127.0.0.1'), 'listening')

const tokens: string[] = []
for (const subject of ['alice', 'mallory']) {
  const { user } = await focus.auth.accounts.signIn(
    profileOf(subject, { provider: 'bench', preferredUsername: subject }),
  )
  tokens.push((await focus.auth.sessions.start(user, 'bench')).accessToken)
}
const address = server.address()
process.send?.({ port: typeof address === 'object' ? address?.port : 0, tokens, adminKey })
process.on('message', () => {
  const { user, system } = process.cpuUsage()
  process.send?.({ microseconds: user + system })
})
process.on('disconnect', () => process.exit())
