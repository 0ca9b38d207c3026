import { createServer } from 'node:http'
import { attachUpgrade } from '@focus-api/adapters/node'
import { createFocus, type UserId } from '@focus-api/core'
import { profileOf } from '@focus-api/test-kit/focus/profile'
import { listenOn } from '../harness/contestant.ts'
import type { ClusterContestant } from './contestant.ts'

const adminKey = 'the-admin-key-of-the-benchmark'

/** The complete product: every notification is committed, and reaches the other node as its broker carries it. */
export async function focus(databaseUrl: string, redisUrl: string | null): Promise<ClusterContestant> {
  const focus = await createFocus({
    adminKey,
    secret: 'a secret of the benchmark that is long enough',
    // The clients count frames, and do not answer pings.
    websocket: { heartbeatIntervalSeconds: 3_600, limits: { pingIntervalMs: 3_600_000 } },
    notifications: { maxPerUser: 1_000_000 },
    env: { DATABASE_URL: databaseUrl, ...(redisUrl !== null && { REDIS_URL: redisUrl }) },
  })
  const server = createServer()
  attachUpgrade(server, focus)
  const ids: UserId[] = []
  return {
    listen: () => listenOn(server),
    notify: (user, sentMs) =>
      focus.notifications.notifyUser({
        userId: ids[user] ?? 0,
        type: 'warning',
        title: 'Limite',
        message: 'Limite de 80% pour Instagram',
        event: 'limits',
        data: { app_name: 'Instagram', percentage: 80, sent: sentMs },
      }),
    async tokens(count) {
      const { accounts, sessions } = focus.auth
      const tokens: string[] = []
      for (let n = 0; n < count; n += 1) {
        const { user } = await accounts.signIn(profileOf(`user${n}`, { preferredUsername: `user${n}` }))
        ids[n] = user.id
        tokens.push((await sessions.startShort(user, 86_400)).accessToken)
      }
      return tokens
    },
    async received() {
      const request = new Request('http://localhost/api/metrics', { headers: { authorization: `Bearer ${adminKey}` } })
      const text = await (await focus.fetch(request)).text()
      return Number(/^focus_broker_messages_total\{[^}]*direction="received"[^}]*\} (\d+)/m.exec(text)?.[1] ?? 0)
    },
  }
}
