import { once } from 'node:events'
import { connect } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { RunningFocus } from '../../../../test/realtime/running-focus.ts'
import { recordingLogger } from '@focus-api/core/testing'

let app: RunningFocus
afterEach(() => app.stop())

test('a client that hangs up in the middle of its body leaves one quiet line, without a stack', async () => {
  const logger = recordingLogger()
  const { lines } = logger
  app = await RunningFocus.start({ logger })
  const { hostname, port } = new URL(app.url)
  const socket = connect(Number(port), hostname)
  await once(socket, 'connect')
  const head = ['POST /api/auth/refresh HTTP/1.1', `Host: ${hostname}`, 'Content-Type: application/json']
  // With `Expect`, the server reports when it starts to read.
  socket.write([...head, 'Content-Length: 100', 'Expect: 100-continue', '', ''].join('\r\n'))
  await once(socket, 'data')
  socket.write('{"refresh_token":', () => socket.destroy())
  await expect.poll(() => lines.length).toBeGreaterThan(0)
  expect(lines).toEqual([
    {
      level: 'debug',
      message: 'A request was refused',
      fields: { route: 'POST /auth/refresh', code: 'invalid_request' },
    },
  ])
})
