import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { attachUpgrade } from '@focus-api/adapters/node'
import { createFocus, type Focus } from '@focus-api/core'
import { openSocket } from '../../packages/test-kit/src/focus/notification-socket.ts'
import { removeFolder, temporaryFolder } from '../../packages/test-kit/src/processes/temporary-folder.ts'
import { median } from '../statistics.ts'
import type { RowGrowth } from './row-growth.ts'
import { fillLog } from './full-log.ts'

/**
 * Reads and writes in SQLite tables of three sizes, in turn: of a user with a tenth of all notifications, and of 5,000 others.
 * Figures are microseconds of CPU time of a call, threads included. They must be the same for each size. `growth` of `npm run bench`
 * runs this program in a process of its own.
 *
 *     npm --prefix bench run growth -- [--rows 10000000] [--rounds 15]
 */
const { values } = parseArgs({
  options: { rows: { type: 'string', default: '10000000' }, rounds: { type: 'string', default: '15' } },
})
const most = Number(values.rows)
const sizes = [most / 100, most / 10, most]
const others = 5_000
const rounds = Number(values.rounds)
/** How far a socket is behind that resumes. */
const missed = 500

const folder = temporaryFolder('growth')
const subjects: Subject[] = []
try {
  for (const rows of sizes) subjects.push(await createSubject(rows))
  const figures = await compare()
  if (process.send) process.send(figures)
  else console.table(figures.map(summary))
} finally {
  for (const { close } of subjects) await close()
  removeFolder(folder)
}

/** A table of one size, with what is measured on it. */
interface Subject {
  readonly rows: number
  readonly works: Readonly<Record<string, { readonly calls: number; readonly work: () => Promise<unknown> }>>
  readonly close: () => Promise<void>
}

async function createSubject(rows: number): Promise<Subject> {
  const file = join(folder, `${rows}.db`)
  const focus = await createFocus({
    database: `sqlite:${file}`,
    secret: 'a secret of the benchmark that is long enough',
    env: {},
    notifications: { unknownUsers: 'accept', maxPerUser: 2 * most },
    rateLimits: { perUser: { capacity: 1e9, perSecond: 1e9 } },
  })
  const [big, other] = [await signIn(focus, 'big'), await signIn(focus, 'other')]
  const anyOther = () => {
    const user = Math.floor(Math.random() * others)
    return user === 0 ? String(other.id) : `user ${user}`
  }
  fillLog(file, rows, (n) => (n % 10 === 0 ? String(big.id) : anyOther()))
  const { notifications } = focus
  const content = { title: 'Limite bientôt atteinte', message: 'Vous avez utilisé 80 %', event: 'limits' }
  const socket = await connect(focus, (await focus.auth.sessions.start(big, 'bench')).accessToken)
  return {
    rows,
    works: {
      'page of 50 of the big user': { calls: 40, work: () => notifications.inbox(big.id, { limit: 50 }) },
      'page of 50 of a topic': { calls: 40, work: () => notifications.inbox(big.id, { limit: 50, event: 'limits' }) },
      'page of 10 of any other': { calls: 40, work: () => notifications.inbox(anyOther(), { limit: 10 }) },
      'resume of 500': { calls: 4, work: () => socket.resume(missed) },
      'one more': { calls: 40, work: () => notifications.notifyUser({ ...content, userId: anyOther() }) },
      'a thousand more': {
        calls: 1,
        work: () =>
          Promise.all(
            Array.from({ length: 1_000 }, () => notifications.notifyUser({ ...content, userId: anyOther() })),
          ),
      },
    },
    close: async () => {
      await socket.close()
      await focus.close()
    },
  }
}

/** Signs a user in, and creates the account. */
async function signIn(focus: Focus, name: string) {
  const { user } = await focus.auth.accounts.signIn({
    provider: 'bench',
    issuer: 'https://issuer.example',
    subject: name,
    email: null,
    emailVerified: false,
    fullName: null,
    givenName: null,
    avatarUrl: null,
    preferredUsername: name,
    locale: null,
  })
  return user
}

async function connect(focus: Focus, token: string) {
  const server = createServer()
  attachUpgrade(server, focus)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const socket = await openSocket({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }, token)
  const { epoch, offset } = (await socket.next('connection'))['stream'] as { epoch: string; offset: number }
  return {
    async resume(behind: number): Promise<void> {
      const before = socket.received.length
      socket.send({ action: 'resume', epoch, offset: offset - behind })
      while (socket.received.length < before + behind + 1) await new Promise((resolve) => setTimeout(resolve, 1))
    },
    async close(): Promise<void> {
      await socket.close()
      server.close()
    },
  }
}

/** Measures the sizes in turn, and returns the figures of each round. */
async function compare(): Promise<RowGrowth[]> {
  const taken = subjects.map(() => new Map<string, number[]>())
  const names = Object.keys(subjects[0]?.works ?? {})
  for (const name of names) {
    for (let round = 0; round <= rounds; round += 1) {
      for (const [index, { works }] of subjects.entries()) {
        const { calls = 0, work = async () => {} } = works[name] ?? {}
        const before = process.cpuUsage()
        for (let call = 0; call < calls; call += 1) await work()
        const { user, system } = process.cpuUsage(before)
        // The first round warms up.
        if (round > 0) taken[index]?.set(name, [...(taken[index].get(name) ?? []), (user + system) / calls])
      }
    }
  }
  return names.map((work) => ({
    work,
    sizes: subjects.map(({ rows }, index) => ({ rows, microseconds: taken[index]?.get(work) ?? [] })),
  }))
}

function summary({ work, sizes }: RowGrowth): Record<string, number | string> {
  const medians = sizes.map(({ microseconds }) => Math.round(median(microseconds)))
  const named = sizes.map(({ rows }, index) => [`${rows} rows`, medians[index] ?? Number.NaN])
  const ratio = Math.round(((medians.at(-1) ?? 0) / (medians[0] ?? 1)) * 100) / 100
  return { work, ...Object.fromEntries(named), 'last / first': ratio }
}
