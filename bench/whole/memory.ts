import { join } from 'node:path'
import { removeFolder, temporaryFolder } from '@focus-api/test-kit/processes/temporary-folder'
import { Arena } from '../harness/arena.ts'
import { costsOf } from '../report/measurement.ts'
import type { Scenario } from './scenario.ts'

const contestants = ['focus', 'socket.io', 'ws'] as const

/** Connections that compile the code and create permanent objects before the first measurement. */
export const warmUp = 200

export const memory: Scenario = {
  about: 'resident memory of an idle connection: 10,000 users who signed in earlier, fresh process',
  async run({ slices, scale, isQuick }) {
    const connections = Math.ceil(10_000 / scale)
    const folder = temporaryFolder('bench')
    try {
      const database = `sqlite:${join(folder, 'focus.db')}`
      const tokens = await earlierTokens(database, connections)
      const bytes = new Map<string, number[]>(contestants.map((name) => [name, []]))
      for (let slice = 0; slice < slices; slice += 1) {
        for (const name of contestants) {
          const arena = await Arena.open(name, { database })
          try {
            const own = name === 'focus' ? tokens : tokens.map((_, user) => String(user))
            await arena.connect(own.slice(0, Math.min(warmUp, connections / 2)))
            const before = await arena.memory()
            const measured = own.slice(Math.min(warmUp, connections / 2))
            await arena.connect(measured)
            bytes.get(name)?.push(((await arena.memory()) - before) / measured.length / 1_024)
          } finally {
            await arena.close()
          }
        }
      }
      return [
        costsOf(
          {
            name: 'memory',
            variant: '',
            title: 'resident memory per idle connection, after garbage collection',
            unit: 'KiB',
            isQuick,
            targets: [
              { of: 'focus', to: 'socket.io', kind: 'at most', bound: 0.4 },
              { of: 'focus', to: 'ws', kind: 'at most', bound: 1.25 },
            ],
          },
          bytes,
        ),
      ]
    } finally {
      removeFolder(folder)
    }
  },
}

/** Users sign in and get a notification, in a process that then ends. */
export async function earlierTokens(database: string, users: number): Promise<readonly string[]> {
  const arena = await Arena.open('focus', { database })
  try {
    const tokens = await arena.tokens(users)
    await arena.streams(users)
    return tokens
  } finally {
    await arena.close()
  }
}
