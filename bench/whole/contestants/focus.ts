import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { attachUpgrade } from '@focus-api/adapters/node'
import { createFocus, type UserId } from '@focus-api/core'
import { type Contestant, listenOn } from '../../harness/contestant.ts'
import { makeContent } from '../../harness/notification.ts'

/** Simultaneous sign-ins; the queues of the database have limits. */
const atOnce = 100

/**
 * The complete product through its public interface: users who signed in, real tokens, every notification stored. Its settings are
 * the defaults.
 *
 * @param database URL; a new file when absent
 */
export async function focus(database = temporaryDatabase()): Promise<Contestant> {
  const focus = await createFocus({
    database,
    secret: 'a secret of the benchmark that is long enough',
    env: {},
  })
  const server = createServer()
  attachUpgrade(server, focus)
  const content = makeContent()
  const ids: UserId[] = []

  async function signIn(user: number): Promise<string> {
    const { user: account } = await focus.auth.accounts.signIn({
      provider: 'bench',
      issuer: 'https://issuer.example',
      subject: `subject-${user}`,
      email: null,
      emailVerified: false,
      fullName: null,
      givenName: null,
      avatarUrl: null,
      preferredUsername: `user${user}`,
      locale: null,
    })
    ids[user] = account.id
    return (await focus.auth.sessions.start(account, 'bench')).accessToken
  }

  return {
    listen: () => listenOn(server),
    notify: (user) => focus.notifications.notifyUser({ ...content, userId: ids[user] ?? 0 }),
    broadcast: () => focus.notifications.broadcast(content),
    async tokens(count) {
      const tokens: string[] = []
      for (let from = 0; from < count; from += atOnce) {
        const some = Array.from({ length: Math.min(atOnce, count - from) }, (_, index) => from + index)
        tokens.push(...(await Promise.all(some.map(signIn))))
      }
      return tokens
    },
  }
}

function temporaryDatabase(): string {
  const folder = mkdtempSync(join(tmpdir(), 'focus-bench-'))
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  return `sqlite:${join(folder, 'focus.db')}`
}
