import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Nginx, startNginx } from '@focus-api/test-kit/servers/servers'
import { EventStreamClient } from './event-stream-client.ts'
import { Follower } from './follower.ts'
import { RunningFocus, type TestUser } from './running-focus.ts'

/** nginx cuts a connection that is idle for this long. The default, also used in many deployments, is 60 s. */
const idleSeconds = 2

let server: RunningFocus
let nginx: Nginx
let alice: TestUser
let url: string
beforeEach(async () => {
  server = await RunningFocus.start({
    websocket: { heartbeatIntervalSeconds: 3_600, limits: { pingIntervalMs: 500, pongTimeoutMs: 5_000 } },
    trustedProxies: ['127.0.0.1'],
  })
  alice = await server.signIn('alice')
  nginx = await startNginx(
    ({ port }) => `
      server {
        listen 127.0.0.1:${port};
        location / {
          proxy_pass ${new URL(server.url).origin};
          proxy_http_version 1.1;
          proxy_set_header Upgrade $http_upgrade;
          proxy_set_header Connection "upgrade";
          proxy_set_header X-Forwarded-For $remote_addr;
          proxy_read_timeout ${idleSeconds}s;
          proxy_send_timeout ${idleSeconds}s;
        }
      }`,
  )
  url = `${nginx.url}/api`
})
afterEach(async () => {
  await nginx.stop()
  await server.stop()
})

test('an idle WebSocket and an idle event stream outlive the time-out of nginx without a heartbeat', async () => {
  const follower = new Follower(alice.token)
  await follower.connect(url)
  const headers = { authorization: `Bearer ${alice.token}` }
  const stream = await EventStreamClient.open(`${url}/notifications/stream`, headers)
  await stream.until('connection')
  await new Promise((resolve) => setTimeout(resolve, idleSeconds * 3_000))
  await server.focus.notifications.notifyUser({ userId: alice.id, title: '1', message: 'm' })
  await follower.until(1)
  expect((await stream.until('notification')).message['title']).toBe('1')
  expect(follower.closeCodes).toEqual([])
  stream.close()
  await follower.close()
  await expect.poll(() => server.focus.realtime.connections()).toEqual([])
})
