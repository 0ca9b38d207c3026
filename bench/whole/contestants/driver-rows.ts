import { makeContent } from '../../harness/notification.ts'

/** Users that notifications are for, at random. */
const users = 5_000

export const columns = [
  'user_key',
  'offset',
  'id',
  'event',
  'type',
  'title',
  'message',
  'data',
  'count',
  'created_at',
] as const

type Value = string | number
/** Values of the columns, in their order. */
type Row = readonly Value[]

export interface Transaction {
  /** Number of new notifications of each user, sorted by user. */
  readonly counts: ReadonlyMap<string, number>
  /** Returns the rows. @param headOf returns the new head of a user's stream */
  readonly rows: (headOf: (user: string) => number) => Row[]
}

/** Writes a transaction: advances the heads, and inserts the rows. */
export type WriteTransaction = (transaction: Transaction) => Promise<void> | void

let made = 0

/** Returns a transaction of so many notifications to random users. */
export function makeTransaction(size: number): Transaction {
  const owners = Array.from({ length: size }, () => String(1 + Math.floor(Math.random() * users)))
  const counts = new Map<string, number>()
  for (const owner of [...owners].sort()) counts.set(owner, (counts.get(owner) ?? 0) + 1)
  return {
    counts,
    rows(headOf) {
      const { type, title, message, event, data } = makeContent()
      const json = JSON.stringify(data)
      const now = Date.now()
      const left = new Map(counts)
      return owners.map((owner) => {
        const later = (left.get(owner) ?? 1) - 1
        left.set(owner, later)
        return [owner, headOf(owner) - later, makeId(), event, type, title, message, json, 1, now]
      })
    },
  }
}

/** As long as the ids of Focus, and ascending like them. */
function makeId(): string {
  made += 1
  return `0198c0de-7a31-7c52-${process.pid.toString(16).padStart(4, '0').slice(-4)}-${made.toString(16).padStart(12, '0')}`
}
