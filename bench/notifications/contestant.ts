/** A way to write durable notifications. */
export interface Contestant {
  readonly name: string
  /** Number of simultaneous callers. */
  readonly callers: number
  /** Sends `each` notifications, and resolves after their commit. */
  send(n: number): unknown
  /** Notifications per `send`. */
  readonly each: number
  close(): Promise<void>
}

export const sample = {
  type: 'warning',
  title: 'Limite bientot atteinte',
  message: 'Vous avez utilise 80% de votre limite pour Instagram',
  event: 'limits',
  data: { app_name: 'Instagram', percentage: 80 },
}

/** Number of recipients, in rotation. */
export const audience = 1_000

export const columns = ['user_key', 'offset', 'id', 'event', 'type', 'title', 'message', 'data', 'created_at'] as const

let rows = 0

/** Returns the values of the row that Focus writes, for the bare drivers. */
export function sampleRow(): (string | number)[] {
  const n = (rows += 1)
  const { event, type, title, message, data } = sample
  const id = `${process.hrtime.bigint().toString(16).padStart(16, '0')}-${n.toString(16).padStart(12, '0')}`
  return [`user${n % audience}`, n, id, event, type, title, message, JSON.stringify(data), Date.now()]
}
