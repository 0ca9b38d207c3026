import type { UserKey } from '../../common/user-id.ts'
import type { Activity } from './cluster-view-port.ts'

/** Counts of a node, as JSON in its row. */
export interface NodeCounts extends Activity {
  /** A number that changes whenever the node writes other users into its row. */
  readonly sampleNumber: number
}

/** Users with their numbers of connections: all of a node, or a sample. */
export type UserSample = ReadonlyMap<UserKey, number>

/** What a node tells the others about itself. */
export interface NodeDetails extends Activity {
  readonly sample: UserSample
}

interface StoredSample {
  readonly sample: readonly UserKey[]
  /** Numbers of connections other than one. */
  readonly several: Readonly<Record<UserKey, number>>
}

export function encodeCounts({ users, connections, deliveries, actions, sampleNumber }: NodeCounts): string {
  return JSON.stringify({ users, connections, deliveries, actions, sampleNumber })
}

/** Reads the counts of a node of any version: what is missing or wrong counts as nothing. */
export function decodeCounts(text: string): NodeCounts {
  const stored = parsed<NodeCounts>(text)
  return {
    users: count(stored.users),
    connections: count(stored.connections),
    deliveries: count(stored.deliveries),
    actions: count(stored.actions),
    sampleNumber: count(stored.sampleNumber),
  }
}

export function encodeSample(sample: UserSample): string {
  const several = Object.fromEntries([...sample].filter(([, connections]) => connections !== 1))
  return JSON.stringify({ sample: [...sample.keys()], several } satisfies StoredSample)
}

/** Reads the sample of a node of any version: what is missing or wrong counts as nothing. */
export function decodeSample(text: string): UserSample {
  const stored = parsed<StoredSample>(text)
  const keys = Array.isArray(stored.sample) ? stored.sample.filter((key) => typeof key === 'string') : []
  const several = new Map(Object.entries(stored.several ?? {}))
  return new Map(keys.map((key) => [key, count(several.get(key) ?? 1)]))
}

function parsed<T>(text: string): Partial<T> {
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
