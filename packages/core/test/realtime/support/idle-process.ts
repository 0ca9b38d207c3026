import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { writeHeapSnapshot } from 'node:v8'
import { createFocus } from '@focus-api/core'
import { profileOf } from '@focus-api/test-kit/focus/profile'

/** Arguments: the URL of a database, and the number of users. Sends its port and their tokens, then writes snapshots on request. */
const [, , database = '', users = '0'] = process.argv
const focus = await createFocus({ database, env: {} })
const server = createServer().on('upgrade', (request, socket, head) => {
  if (!focus.upgrade(request, socket, head)) socket.destroy()
})
await once(server.listen(0, '127.0.0.1'), 'listening')
const tokens: string[] = []
while (tokens.length < Number(users)) {
  const { user } = await focus.auth.accounts.signIn(profileOf(`user${tokens.length}`, { provider: 'test' }))
  tokens.push((await focus.auth.sessions.start(user, 'test')).accessToken)
}
process.on('message', (file: string) => process.send?.(writeHeapSnapshot(file)))
process.on('disconnect', () => process.exit())
process.send?.({ port: (server.address() as AddressInfo).port, tokens })
