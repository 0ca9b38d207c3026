import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { writeHeapSnapshot } from 'node:v8'
import { createFocus } from '@focus-api/core'
import { profileOf } from '@focus-api/test-kit/focus/profile'

/**
 * Arguments: the URL of a database, and the number of users. Sends the port of Focus, that of a server which does nothing with its
 * sockets, and the tokens of the users, then writes snapshots on request.
 */
const [, , database = '', users = '0'] = process.argv
const focus = await createFocus({ database, env: {} })
const server = createServer().on('upgrade', (request, socket, head) => {
  if (!focus.upgrade(request, socket, head)) socket.destroy()
})
const ignore = () => undefined
const bare = createServer().on('upgrade', (_, socket) => {
  socket.on('error', ignore).on('data', ignore).on('close', ignore)
  socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n')
})
for (const one of [server, bare]) await once(one.listen(0, '127.0.0.1'), 'listening')
const [port, barePort] = [server, bare].map((one) => (one.address() as AddressInfo).port)
const tokens: string[] = []
while (tokens.length < Number(users)) {
  const { user } = await focus.auth.accounts.signIn(profileOf(`user${tokens.length}`, { provider: 'test' }))
  tokens.push((await focus.auth.sessions.start(user, 'test')).accessToken)
}
process.on('message', (file: string) => process.send?.(writeHeapSnapshot(file)))
process.on('disconnect', () => process.exit())
process.send?.({ port, barePort, tokens })
