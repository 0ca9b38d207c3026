import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { attachUpgrade } from '@focus-api/adapters/node'
import { createFocus, type User } from '@focus-api/core'
import type { Contestant } from '../contestant.ts'

/** Sign-ins on their way together. */
const atOnce = 1_000

/** The product as an application starts it: people, sessions, tokens and heads on a database of its own. */
export async function focusWhole(): Promise<Contestant> {
  const folder = mkdtempSync(join(tmpdir(), 'focus-bench-'))
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  const focus = await createFocus({ database: `sqlite:${join(folder, 'focus.db')}`, env: {} })
  const server = createServer()
  attachUpgrade(server, focus)
  const people: User[] = []
  return {
    server,
    notify(user) {
      void focus.notifications.notifyUser({ userId: user, title: 'a', message: 'b' })
    },
    async tokens(count) {
      const { accounts, sessions } = focus.auth
      for (let n = people.length; n < count; n += 1) {
        const { user } = await accounts.signIn({
          provider: 'bench',
          issuer: 'https://issuer.example',
          subject: String(n),
          email: null,
          emailVerified: false,
          fullName: null,
          givenName: null,
          avatarUrl: null,
          preferredUsername: `user${n}`,
          locale: null,
        })
        people.push(user)
      }
      const tokens: string[] = []
      // The queue in front of the database takes 2,000 at once.
      for (let from = 0; from < count; from += atOnce) {
        const some = people.slice(from, Math.min(count, from + atOnce))
        const pairs = await Promise.all(some.map((user) => sessions.start(user, 'bench')))
        tokens.push(...pairs.map(({ accessToken }) => accessToken))
      }
      return tokens
    },
  }
}
