import { expect, test } from 'vitest'
import type { LogEntry } from '../../../notifications/log-entry-port.ts'
import type { BatchSession, RowStatement, SqlRow } from '../../dialects/batch/batch-session.ts'
import { writeBatch } from './write-batch.ts'

/** A session of PostgreSQL that answers after a turn of the event loop, and records what was sent and answered, in order. */
class SlowSession implements BatchSession {
  readonly flavour = 'postgres'
  readonly knownHeads = null
  readonly pipelined: boolean
  readonly steps: string[] = []

  constructor(pipelined: boolean) {
    this.pipelined = pipelined
  }

  async run(statement: RowStatement): Promise<SqlRow[]> {
    const [, table = ''] = /(?:from|into) (focus_\w+)/.exec('text' in statement ? statement.text : '') ?? []
    this.steps.push(`${table} sent`)
    await new Promise((resolve) => setImmediate(resolve))
    this.steps.push(`${table} answered`)
    return table === 'focus_streams' ? [{ user_key: 'anna', head: 8, oldest: 1 }] : []
  }

  write(statement: RowStatement): Promise<SqlRow[]> {
    return this.run(statement)
  }
}

const entry: LogEntry = {
  id: 'id',
  userKey: 'anna',
  type: 'info',
  title: 't',
  message: 'm',
  event: null,
  data: '{}',
  createdAt: 0,
  expiresAt: null,
  deliverAt: null,
  policies: null,
  deliveries: [],
  routing: null,
  source: null,
  unlessMuted: true,
}

test.each([
  [
    'together with the locks',
    true,
    ['focus_streams sent', 'focus_preferences sent', 'focus_streams answered', 'focus_preferences answered'],
  ],
  [
    'after the locks where statements are not pipelined',
    false,
    ['focus_streams sent', 'focus_streams answered', 'focus_preferences sent', 'focus_preferences answered'],
  ],
])('reads %s, and takes the offsets from the locked heads', async (_, pipelined, expected) => {
  const session = new SlowSession(pipelined)
  const context = { now: 1_000, maxPerStream: 100, epoch: 'e', wakeUp: null }
  const { outcomes } = await writeBatch(session, [entry], context)
  expect(session.steps.slice(0, 4)).toEqual(expected)
  expect(outcomes).toEqual([{ outcome: 'created', offset: 8 }])
})
