import { expect, onTestFinished, test } from 'vitest'
import { startFocusDev } from '@focus-api/test-kit/focus/focus-dev'
import { signIn } from '@focus-api/test-kit/focus/sign-in'
import { connect, createTestClient } from '../support/test-client.ts'
import { nextEvent } from '../support/wait.ts'

test('the client detects a frozen server, and reconnects when it continues', async () => {
  const server = await startFocusDev({ env: { WEBSOCKET_HEARTBEAT_INTERVAL: '1' } })
  onTestFinished(() => server.stop())
  const client = createTestClient({ url: `${server.url}/api` })
  await connect(client, await signIn(server, 'alice'))
  await nextEvent(client.notifications, 'message', ({ type }) => type === 'heartbeat')
  server.process.kill('SIGSTOP')
  // Two heartbeats of one second, a tolerance of five seconds, and five seconds after the ping.
  const lost = await nextEvent(client.notifications, 'state', ({ status }) => status === 'reconnecting')
  expect(lost).toMatchObject({ reason: { code: 1006, reason: 'silence' } })
  server.process.kill('SIGCONT')
  await client.notifications.whenOpen()
}, 40_000)
