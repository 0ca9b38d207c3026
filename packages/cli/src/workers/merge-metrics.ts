import type { WorkerMetrics } from './messages.ts'

/** Metrics about the whole cluster: every worker reports the same value, so they appear once, without a worker. */
export const sharedMetrics: ReadonlySet<string> = new Set([
  'focus_cluster_connections',
  'focus_cluster_nodes',
  'focus_cluster_users',
  'focus_outbox_deliveries',
  'focus_outbox_oldest_seconds',
  'focus_parked_notifications',
])

/** One metric with its samples, in the text format of Prometheus. */
interface Family {
  help: string | null
  type: string | null
  readonly samples: string[]
}

/**
 * Merges the metrics of several workers into one document: each metric once, its samples with the label `worker`. Adds
 * `focus_worker_up`, which is 0 for a worker that did not answer, and `focus_worker_restarts_total`.
 *
 * @param parts documents in Prometheus' text format (https://prometheus.io/docs/instrumenting/exposition_formats/)
 */
export function mergeMetrics(parts: readonly WorkerMetrics[]): string {
  const merged = new Map<string, Family>()
  for (const { worker, body } of parts) {
    for (const [name, { help, type, samples }] of readFamilies(body ?? '')) {
      const shared = sharedMetrics.has(name)
      const known = merged.get(name)
      if (known === undefined) merged.set(name, { help, type, samples: shared ? samples : labelled(samples, worker) })
      else if (!shared) known.samples.push(...labelled(samples, worker))
    }
  }
  return [
    ...[...merged.values()].flatMap(linesOf),
    ...ownFamily('focus_worker_up', 'gauge', 'Whether the worker answered this scrape.', parts, ({ body }) =>
      body === null ? 0 : 1,
    ),
    ...ownFamily(
      'focus_worker_restarts_total',
      'counter',
      'Times that the worker ended and was started again.',
      parts,
      ({ restarts }) => restarts,
    ),
    '',
  ].join('\n')
}

function readFamilies(document: string): Map<string, Family> {
  const families = new Map<string, Family>()
  const familyOf = (name: string) => {
    const known = families.get(name)
    if (known !== undefined) return known
    const family: Family = { help: null, type: null, samples: [] }
    families.set(name, family)
    return family
  }
  let current = ''
  for (const line of document.split('\n')) {
    const [, keyword, described = ''] = /^# (HELP|TYPE) (\S+)/.exec(line) ?? []
    if (keyword !== undefined) {
      current = described
      if (keyword === 'HELP') familyOf(current).help = line
      else familyOf(current).type = line
    } else if (line !== '' && !line.startsWith('#')) {
      const name = /^[^\s{]+/.exec(line)?.[0] ?? ''
      // A histogram's samples have names of their own, such as `…_bucket`, and follow its TYPE.
      familyOf(current !== '' && name.startsWith(current) ? current : name).samples.push(line)
    }
  }
  return families
}

/** Adds the label to each sample: `name 1` and `name{a="b"} 1`. */
function labelled(samples: readonly string[], worker: number): string[] {
  return samples.map((sample) =>
    sample.replace(/^([^\s{]+)(\{\}|\{)?/, (_, name: string, brace: string | undefined) => {
      const label = `${name}{worker="${worker}"`
      return brace === '{' ? `${label},` : `${label}}`
    }),
  )
}

function linesOf({ help, type, samples }: Family): string[] {
  return [help, type, ...samples].filter((line) => line !== null)
}

function ownFamily(
  name: string,
  type: string,
  help: string,
  parts: readonly WorkerMetrics[],
  read: (part: WorkerMetrics) => number,
): string[] {
  return [
    `# HELP ${name} ${help}`,
    `# TYPE ${name} ${type}`,
    ...parts.map((part) => `${name}{worker="${part.worker}"} ${read(part)}`),
  ]
}
