import { type JsonDocument, type Json, textOf } from '../remote/client.ts'
import { failed, type Finding, ok, skipped, warning } from './finding.ts'

/** Tokens are refused when the clocks of two machines differ by more than 30 s; leave room for a third one. */
const clockWarningMs = 5_000

interface Node {
  readonly name: string
  readonly version: string
}

/**
 * Examines the answer of `GET /admin/nodes`: the processes that share the database.
 *
 * @param body null when the server does not have the route
 */
export function checkCluster(body: JsonDocument | null): Finding[] {
  if (body === null || !Array.isArray(body.nodes)) {
    return [skipped('cluster', 'the server does not list its nodes: it is of an earlier version')]
  }
  const nodes = body.nodes.map(nodeOf)
  return [checkNodes(nodes), checkVersions(nodes), checkBroker(body.broker), checkClock(body.clock_difference_ms)]
}

function checkNodes(nodes: readonly Node[]): Finding {
  const names = nodes.map(({ name }) => name)
  const twice = [...new Set(names.filter((name, index) => names.indexOf(name) !== index))]
  if (twice.length === 0) {
    return ok(
      'cluster.nodes',
      `${nodes.length === 1 ? '1 node is' : `${nodes.length} nodes are`} alive: ${names.join(', ')}`,
    )
  }
  return warning(
    'cluster.nodes',
    `Several nodes are named ${twice.join(', ')}; lists of connections leave all but one of them out.`,
    'Give each process its own FOCUS_NODE, or none. If one of them ended without closing, check again in 15 seconds.',
  )
}

function checkVersions(nodes: readonly Node[]): Finding {
  const versions = [...new Set(nodes.map(({ version }) => version))]
  if (versions.length === 1) return ok('cluster.versions', `all nodes run ${versions.join()}`)
  const list = nodes.map(({ name, version }) => `${name} ${version}`).join(', ')
  return warning(
    'cluster.versions',
    `The nodes run different versions: ${list}.`,
    'Finish the deployment, so that all nodes run the newest one.',
  )
}

function checkBroker(broker: Json | undefined): Finding {
  const field = (name: string): unknown =>
    typeof broker === 'object' && broker !== null ? Reflect.get(broker, name) : undefined
  const kind = textOf(field('kind') as Json)
  if (field('connected') !== false) return ok('cluster.broker', `messages between nodes flow (broker: ${kind})`)
  const fix =
    kind === 'redis' ? 'Check Redis, and REDIS_URL where the server runs.' : 'Check the database of the server.'
  return failed(
    'cluster.broker',
    `Messages between nodes are lost (broker: ${kind}): notifications arrive within a second instead of at once.`,
    fix,
  )
}

function checkClock(difference: Json | undefined): Finding {
  if (typeof difference !== 'number') return skipped('cluster.clock', 'no other process can share the database')
  const seconds = `${(Math.abs(difference) / 1_000).toFixed(1)} s`
  const where = difference > 0 ? 'ahead of' : 'behind'
  if (Math.abs(difference) <= clockWarningMs)
    return ok('cluster.clock', `the clock of the database differs by ${seconds}`)
  return warning(
    'cluster.clock',
    `The clock of the database is ${seconds} ${where} that of the server.`,
    'Set both clocks by NTP: tokens are refused when clocks differ by more than 30 s.',
  )
}

function nodeOf(value: Json): Node {
  const field = (name: string) =>
    typeof value === 'object' && value !== null ? textOf(Reflect.get(value, name) as Json) : '–'
  return { name: field('name'), version: field('version') }
}
