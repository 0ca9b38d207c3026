import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { createFocus } from '@focus-api/core'
import { median } from '../statistics.ts'

/**
 * Times of an inbox page, the unread count and a new notification while one user's stream grows. The times must stay
 * constant.
 *
 *     npm --prefix bench run growth -- [--rows 1000000]
 */
const { values } = parseArgs({ options: { rows: { type: 'string', default: '1000000' } } })
const most = Number(values.rows)
const userId = 1

const folder = mkdtempSync(join(tmpdir(), 'focus-bench-'))
const focus = await createFocus({
  database: `sqlite:${join(folder, 'growth.db')}`,
  env: {},
  notifications: { unknownUsers: 'accept', maxPerUser: 2 * most },
})
const { notifications } = focus
const content = { title: 'Limite bientôt atteinte', message: 'Vous avez utilisé 80 % de votre limite', event: 'limits' }
try {
  const figures = []
  for (let rows = 1_000, written = 0; rows <= most; rows *= 10) {
    await notifications.notifyMany(repeated(rows - written), content)
    written = rows
    const deep = await cursorAt(rows / 2)
    figures.push({
      rows,
      'first page, ms': await timed(() => notifications.inbox(userId, { limit: 50 })),
      'page in the middle, ms': await timed(() => notifications.inbox(userId, { limit: 50, before: deep })),
      'page of one topic, ms': await timed(() => notifications.inbox(userId, { limit: 50, event: 'limits' })),
      'one more, ms': await timed(() => notifications.notifyUser({ ...content, userId })),
    })
  }
  console.table(figures)
} finally {
  await focus.close()
  rmSync(folder, { recursive: true, force: true })
}

function* repeated(count: number): Generator<number> {
  for (let n = 0; n < count; n += 1) yield userId
}

/** Returns the cursor of a page at about this depth, read page by page like in an application. */
async function cursorAt(depth: number): Promise<string | null> {
  let before: string | null = null
  for (let passed = 0; passed < depth; passed += 500) {
    ;({ nextBefore: before } = await notifications.inbox(userId, { limit: 500, before }))
  }
  return before
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const taken: number[] = []
  for (let round = 0; round < 101; round += 1) {
    const startedAt = performance.now()
    await work()
    taken.push(performance.now() - startedAt)
  }
  return Math.round(median(taken) * 100) / 100
}
