import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { createFocus } from '@focus-api/core'

/**
 * One call of `notifyMany` with a streamed audience: notifications per second, ids read ahead of the commits, and the memory
 * of the process. A part of `store` of `npm run bench`.
 *
 *     npm --prefix bench run audience -- [--users 1000000]
 */
const { values } = parseArgs({ options: { users: { type: 'string', default: '1000000' } } })
const users = Number(values.users)

const folder = mkdtempSync(join(tmpdir(), 'focus-bench-'))
const focus = await createFocus({
  database: `sqlite:${join(folder, 'audience.db')}`,
  env: {},
  notifications: { unknownUsers: 'accept' },
})
let taken = 0
let committed = 0
let furthestAhead = 0
let peak = 0
try {
  const ids = async function* () {
    for (; taken < users; ) {
      taken += 1
      furthestAhead = Math.max(furthestAhead, taken - committed)
      yield taken
    }
  }
  const startedAt = performance.now()
  const before = process.memoryUsage.rss()
  const summary = await focus.notifications.notifyMany(
    ids(),
    { title: 'Nouveau challenge', message: 'Un nouveau challenge commence', event: 'challenges' },
    {
      onProgress({ total }) {
        committed = total
        peak = Math.max(peak, process.memoryUsage.rss())
        if (total % 100_000 === 0)
          console.log(`${total.toLocaleString('en')}: rss ${megabytes(process.memoryUsage.rss())} MB`)
      },
    },
  )
  const seconds = (performance.now() - startedAt) / 1_000
  console.log({
    ...summary,
    perSecond: Math.round(users / seconds),
    furthestAhead,
    rssGrowthMB: megabytes(peak - before),
    last: (await focus.notifications.inbox(users)).notifications.length,
  })
  process.exitCode = summary.created === users ? 0 : 1
} finally {
  await focus.close()
  rmSync(folder, { recursive: true, force: true })
}

function megabytes(bytes: number): number {
  return Math.round(bytes / 1_048_576)
}
