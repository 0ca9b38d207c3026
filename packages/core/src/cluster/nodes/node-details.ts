import type { UserKey } from '../../common/user-id.ts'
import type { Activity } from './cluster-view-port.ts'

/** What a node tells the others about itself, as JSON in its row. */
export interface NodeDetails extends Activity {
  /** Users with their numbers of connections: all of them, or a sample. */
  readonly sample: ReadonlyMap<UserKey, number>
}

interface StoredDetails extends Activity {
  readonly sample: readonly UserKey[]
  /** Numbers of connections other than one. */
  readonly several: Readonly<Record<UserKey, number>>
}

export function encodeDetails({ sample, ...activity }: NodeDetails): string {
  const several = Object.fromEntries([...sample].filter(([, connections]) => connections !== 1))
  return JSON.stringify({ ...activity, sample: [...sample.keys()], several } satisfies StoredDetails)
}

/** Reads the details of a node of any version: what is missing or wrong counts as nothing. */
export function decodeDetails(text: string): NodeDetails {
  const stored = parsed(text)
  const keys = Array.isArray(stored.sample) ? stored.sample.filter((key) => typeof key === 'string') : []
  const several = new Map(Object.entries(stored.several ?? {}))
  return {
    users: count(stored.users),
    connections: count(stored.connections),
    deliveries: count(stored.deliveries),
    actions: count(stored.actions),
    sample: new Map(keys.map((key) => [key, count(several.get(key) ?? 1)])),
  }
}

function parsed(text: string): Partial<StoredDetails> {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? value : {}
  } catch {
    return {}
  }
}

function count(value: unknown): number {
  return typeof value === 'number' && value >= 0 ? value : 0
}
