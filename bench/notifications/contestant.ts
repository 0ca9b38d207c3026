/** One way of writing durable notifications. */
export interface Contestant {
  readonly name: string
  /** How many callers send at once. */
  readonly callers: number
  /** Sends one notification, or as many as it says; resolves when they are committed. */
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

/** Notifications go to this many people in turn. */
export const audience = 1_000

export const columns = ['user_key', 'offset', 'id', 'event', 'type', 'title', 'message', 'data', 'created_at'] as const

let rows = 0

/** The values of the same row that Focus writes, for drivers that write it themselves. */
export function sampleRow(): (string | number)[] {
  const n = (rows += 1)
  const { event, type, title, message, data } = sample
  const id = `${process.hrtime.bigint().toString(16).padStart(16, '0')}-${n.toString(16).padStart(12, '0')}`
  return [`user${n % audience}`, n, id, event, type, title, message, JSON.stringify(data), Date.now()]
}
