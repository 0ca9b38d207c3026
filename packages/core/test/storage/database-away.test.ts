import { createFocus, type Focus } from '@focus-api/core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openApplicationKysely } from '@focus-api/test-kit/databases/application-kysely'
import type { OwnServer } from '@focus-api/test-kit/databases/database-kinds'
import { describeOverServers } from '@focus-api/test-kit/databases/matrix'
import { profileOf } from '@focus-api/test-kit/focus/profile'

const adminKey = 'an-admin-key-of-a-test-that-is-long-enough'
describeOverServers('a database that becomes unavailable', ({ start }) => {
  let server: OwnServer
  let focus: Focus

  beforeAll(async () => {
    server = await start()
    focus = await createFocus({
      database: server.url,
      adminKey,
      secret: 'a secret of the tests that is long enough',
      env: {},
    })
  })

  afterAll(async () => {
    await focus.close()
    await server.stop()
  })

  test('S24 an unreachable database is 503 with Retry-After on every route, and one error code for callers', async () => {
    const { user } = await focus.auth.accounts.signIn(profileOf('somebody', { preferredUsername: 'somebody' }))
    const { accessToken, refreshToken } = await focus.auth.sessions.start(user, 'test')
    await server.kill()
    const routes: [method: string, path: string, bearer: string, body?: object][] = [
      ['GET', '/auth/me', accessToken],
      ['POST', '/auth/refresh', '', { refresh_token: refreshToken }],
      ['POST', '/auth/logout', accessToken],
      ['POST', '/ws/ticket', accessToken],
      ['GET', '/notifications', accessToken],
      ['GET', '/notifications/preferences', accessToken],
      ['GET', '/notifications/stream', accessToken],
      ['POST', '/notifications', adminKey, { user_id: user.id, title: 't', message: 'm' }],
      ['GET', '/admin/users', adminKey],
      ['GET', '/admin/deliveries', adminKey],
    ]
    for (const [method, path, bearer, body] of routes) {
      const response = await focus.fetch(
        new Request(`http://localhost/api${path}`, {
          method,
          headers: { authorization: `Bearer ${bearer}` },
          ...(body && { body: new Blob([JSON.stringify(body)], { type: 'application/json' }) }),
        }),
      )
      const problem: { code: string; detail: string } = await response.json()
      expect([path, response.status, problem.code]).toEqual([path, 503, 'storage_unavailable'])
      expect(response.headers.get('retry-after')).toBe('5')
      expect(problem.detail).not.toContain('127.0.0.1')
    }
    const away = { name: 'FocusError', code: 'storage_unavailable' }
    await expect(focus.notifications.notifyUser({ userId: user.id, title: 't', message: 'm' })).rejects.toMatchObject(
      away,
    )
    await expect(focus.notifications.inbox(user.id)).rejects.toMatchObject(away)
    await expect(focus.auth.users.get(user.id)).rejects.toMatchObject(away)
    await server.restart()
    expect((await focus.auth.users.get(user.id))?.id).toBe(user.id)
  })

  test('a database that hangs makes the node not ready and lets calls fail within a limited time', {
    timeout: 40_000,
  }, async () => {
    // Open all connections of the pool, so that no call fails by opening one.
    await Promise.all(Array.from({ length: 20 }, () => focus.auth.users.list({ limit: 1 })))
    server.pause()
    try {
      const ready = async () => {
        const response = await focus.fetch(new Request('http://localhost/api/ready'))
        return [response.status, ((await response.json()) as { code?: string }).code]
      }
      // Requests from before the pause may still be answered.
      await expect.poll(ready, { timeout: 14_000 }).toEqual([503, 'storage_unavailable'])
      await expect(focus.auth.users.get(1)).rejects.toMatchObject({ code: 'storage_unavailable' })
      // All metrics are there except those that are read from the database.
      const metrics = await focus.fetch(
        new Request('http://localhost/api/metrics', { headers: { authorization: `Bearer ${adminKey}` } }),
      )
      expect(metrics.status).toBe(200)
      const lines = (await metrics.text()).split('\n')
      expect(lines).toContainEqual(expect.stringMatching(/^focus_database_queue_calls\{/))
      expect(lines).not.toContainEqual(expect.stringMatching(/^focus_(parked_notifications|outbox_deliveries)\{/))
    } finally {
      server.resume()
    }
  })

  test('work in a caller’s own transaction fails with the caller’s own errors', async () => {
    const mine = Object.assign(new Error('a service of the caller is away'), { code: 'ECONNREFUSED' })
    const db = openApplicationKysely(server.url)
    await expect(focus.notifications.transaction(db, () => Promise.reject(mine))).rejects.toBe(mine)
    await db.destroy()
  })
})
