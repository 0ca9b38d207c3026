import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { createFocus } from '@focus-api/core'

/**
 * One call of `notifyMany` for an audience that is streamed: how many a second, how far ahead of the commits ids are taken,
 * and what the process holds meanwhile.
 *
 *     pnpm --filter focus-bench run audience [--people 1000000]
 */
const { values } = parseArgs({ options: { people: { type: 'string', default: '1000000' } } })
const people = Number(values.people)

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
    for (; taken < people; ) {
      taken += 1
      furthestAhead = Math.max(furthestAhead, taken - committed)
      yield taken
    }
  }
  const began = performance.now()
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
  const seconds = (performance.now() - began) / 1_000
  console.log({
    ...summary,
    perSecond: Math.round(people / seconds),
    furthestAhead,
    rssGrowthMB: megabytes(peak - before),
    last: (await focus.notifications.inbox(people)).notifications.length,
  })
  process.exitCode = summary.created === people ? 0 : 1
} finally {
  await focus.close()
  rmSync(folder, { recursive: true, force: true })
}

function megabytes(bytes: number): number {
  return Math.round(bytes / 1_048_576)
}
