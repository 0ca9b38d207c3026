import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { attachUpgrade } from '@focus-api/adapters/node'
import { createFocus, type User } from '@focus-api/core'
import type { Contestant } from '../contestant.ts'
import { profileOf } from '@focus-api/test-kit/focus/profile'

/** Number of simultaneous sign-ins. */
const atOnce = 1_000

/** The complete product: users, sessions, tokens and heads in a database. */
export async function focusWhole(): Promise<Contestant> {
  const folder = mkdtempSync(join(tmpdir(), 'focus-bench-'))
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  const focus = await createFocus({ database: `sqlite:${join(folder, 'focus.db')}`, env: {} })
  const server = createServer()
  attachUpgrade(server, focus)
  const users: User[] = []
  return {
    server,
    notify(user) {
      void focus.notifications.notifyUser({ userId: user, title: 'a', message: 'b' })
    },
    async tokens(count) {
      const { accounts, sessions } = focus.auth
      for (let n = users.length; n < count; n += 1) {
        const { user } = await accounts.signIn(
          profileOf(String(n), { provider: 'bench', preferredUsername: `user${n}` }),
        )
        users.push(user)
      }
      const tokens: string[] = []
      // The queue of the database accepts 2,000 operations.
      for (let from = 0; from < count; from += atOnce) {
        const some = users.slice(from, Math.min(count, from + atOnce))
        const pairs = await Promise.all(some.map((user) => sessions.start(user, 'bench')))
        tokens.push(...pairs.map(({ accessToken }) => accessToken))
      }
      return tokens
    },
  }
}
