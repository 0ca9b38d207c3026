import { expect, onTestFinished, test } from 'vitest'
import { startFocusDev } from '@focus-api/test-kit/focus/focus-dev'
import { signIn } from '@focus-api/test-kit/focus/sign-in'
import { createFocusClient } from '../../src/index.ts'
import { nextEvent } from '../support/wait.ts'

test('a server that stops without a word is noticed, and found again when it goes on', async () => {
  const server = await startFocusDev({ env: { WEBSOCKET_HEARTBEAT_INTERVAL: '1' } })
  onTestFinished(() => server.stop())
  const client = createFocusClient({ url: `${server.url}/api`, storage: null })
  onTestFinished(() => client.close())
  client.adoptSession(await signIn(server, 'alice'))
  client.notifications.connect()
  await client.notifications.whenOpen()
  await nextEvent(client.notifications, 'message', ({ type }) => type === 'heartbeat')
  server.process.kill('SIGSTOP')
  // Two heartbeats of a second, five seconds beyond, five more after asking.
  const lost = await nextEvent(client.notifications, 'state', ({ status }) => status === 'reconnecting')
  expect(lost).toMatchObject({ reason: { code: 1006, reason: 'silence' } })
  server.process.kill('SIGCONT')
  await client.notifications.whenOpen()
}, 40_000)
