import { readFileSync } from 'node:fs'

/** Objects of one kind. */
export interface HeapObjects {
  readonly count: number
  /** Of the objects themselves, without what they refer to. */
  readonly bytes: number
}

interface Snapshot {
  readonly snapshot: {
    readonly meta: { readonly node_fields: string[]; readonly node_types: [string[], ...unknown[]] }
  }
  readonly nodes: number[]
  readonly strings: string[]
}

/** Types of nodes whose names say what they hold instead of what they are. */
const withoutName = new Set(['string', 'concatenated string', 'sliced string', 'number', 'code', 'closure', 'array'])

/** Sums the objects of a file of `v8.writeHeapSnapshot` by constructor, such as `Socket`, or by type, such as `(string)`. */
export function readHeapSnapshot(file: string): Map<string, HeapObjects> {
  const { snapshot, nodes, strings }: Snapshot = JSON.parse(readFileSync(file, 'utf8'))
  const { node_fields: fields, node_types: types } = snapshot.meta
  const [type, name, size] = ['type', 'name', 'self_size'].map((field) => fields.indexOf(field)) as [
    number,
    number,
    number,
  ]
  const objects = new Map<string, HeapObjects>()
  for (let at = 0; at < nodes.length; at += fields.length) {
    const kind = types[0][nodes[at + type] ?? 0] ?? ''
    const label = strings[nodes[at + name] ?? 0] ?? ''
    const key = kind === 'object' ? label : withoutName.has(kind) ? `(${kind})` : `(${kind} ${label.slice(0, 40)})`
    const { count, bytes } = objects.get(key) ?? { count: 0, bytes: 0 }
    objects.set(key, { count: count + 1, bytes: bytes + (nodes[at + size] ?? 0) })
  }
  return objects
}

/** Returns what a second snapshot holds more than a first one, divided by `parts`; the largest first. */
export function heapGrowth(
  before: ReadonlyMap<string, HeapObjects>,
  after: ReadonlyMap<string, HeapObjects>,
  parts: number,
): Map<string, HeapObjects> {
  const growth = [...after].map(([kind, { count, bytes }]): [string, HeapObjects] => {
    const earlier = before.get(kind)
    return [kind, { count: (count - (earlier?.count ?? 0)) / parts, bytes: (bytes - (earlier?.bytes ?? 0)) / parts }]
  })
  return new Map(growth.toSorted(([, a], [, b]) => b.bytes - a.bytes))
}
