import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Nginx, startNginx } from '../support/servers.ts'
import { EventStreamClient } from './event-stream-client.ts'
import { Follower } from './follower.ts'
import { RunningFocus, type Person } from './running-focus.ts'

/** nginx cuts a connection on which nothing moved for this long; 60 s by default, and for many people in production. */
const idleSeconds = 1

let server: RunningFocus
let nginx: Nginx
let alice: Person
let url: string
beforeEach(async () => {
  server = await RunningFocus.start({
    websocket: { heartbeatIntervalSeconds: 3_600, limits: { pingIntervalMs: 400, pongTimeoutMs: 400 } },
    trustedProxies: ['127.0.0.1'],
  })
  alice = await server.person('alice')
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

const idle = () => new Promise((resolve) => setTimeout(resolve, idleSeconds * 4_000))
const notify = (title: string) => server.focus.notifications.notifyUser({ userId: alice.id, title, message: 'm' })

test('a quiet WebSocket lives behind nginx, beyond its idle time-out, without a heartbeat', async () => {
  const follower = new Follower(alice.token)
  await follower.connect(url)
  await idle()
  await notify('1')
  await follower.until(1)
  expect(follower.closeCodes).toEqual([])
  await follower.close()
})

test('a quiet event stream lives behind nginx, unbuffered', async () => {
  const stream = await EventStreamClient.open(`${url}/notifications/stream`, { authorization: `Bearer ${alice.token}` })
  await stream.until('connection')
  await idle()
  await notify('1')
  expect((await stream.until('notification')).message['title']).toBe('1')
  stream.close()
  await expect.poll(() => server.focus.realtime.connections()).toEqual([])
})
