import { cachedAnswer } from '../../common/async/cached-answer.ts'
import { FocusError } from '../../common/errors.ts'
import type { Runtime } from '../../common/runtime.ts'
import type { UserKey } from '../../common/user-id.ts'
import type { NodeBroker } from '../broker-port.ts'
import type { NodeAnswer, NodeQuestion } from '../questions-port.ts'
import { clusterActivity, type DescribedNode } from './cluster-activity.ts'
import {
  type ClusterActivity,
  type ClusterConnections,
  type ClusterView,
  type LocalConnections,
  sampleSize,
} from './cluster-view-port.ts'
import { decodeCounts, decodeSample, type UserSample } from './node-details.ts'
import type { NodeLease } from './node-lease.ts'
import { NodeReports } from './node-reports.ts'
import type { NodeStore } from './node-store-port.ts'
import type { ClusterNode, ClusterNodes } from './nodes-port.ts'
import { Questions } from './questions.ts'

/** The most often that a node writes its counts, and reads those of the others, in milliseconds. */
const freshMs = 1_000
/** Connections in one message: drivers may drop messages of more than 250,000 characters, and a user's key may have 1,146. */
const partSize = 100

interface KnownSample {
  readonly number: number
  readonly users: UserSample
}

export interface DirectoryDeps {
  readonly nodes: ClusterNodes
  readonly broker: NodeBroker
  readonly runtime: Pick<Runtime, 'debug'>
  /** Null without a lease. */
  readonly shared: { readonly lease: NodeLease; readonly store: NodeStore } | null
  /** How long nodes may take to answer a question, in milliseconds. */
  readonly answerMs?: number
}

/** The connections of all nodes. Counts travel in the rows of the nodes, and questions over the broker. */
export class ClusterDirectory implements ClusterView {
  readonly #deps: DirectoryDeps
  readonly #questions: Questions
  readonly #activity: () => Promise<ClusterActivity>
  #local: LocalConnections | null = null
  #reports: NodeReports | null = null
  #counts: ReadonlyMap<number, string> = new Map()
  #samples: ReadonlyMap<number, KnownSample> = new Map()
  #timer: NodeJS.Timeout | null = null
  #stopListening: () => void = () => undefined

  constructor(deps: DirectoryDeps) {
    this.#deps = deps
    this.#questions = new Questions(deps.broker, (question) => this.#answer(question), deps.answerMs)
    this.#activity = cachedAnswer(freshMs, () => this.#readActivity())
  }

  get alone(): boolean {
    return this.#deps.nodes.peers().length === 0
  }

  serve(local: LocalConnections): void {
    this.#local = local
    const { shared, nodes } = this.#deps
    if (!shared) return
    const reports = new NodeReports(local)
    this.#reports = reports
    shared.lease.describeWith(reports)
    this.#timer = setInterval(() => {
      if (!this.alone && reports.due) void shared.lease.report()
    }, freshMs)
    this.#timer.unref()
    // A node that joined, or joined again, has to be told everything.
    this.#stopListening = nodes.onPeersChange(() => {
      reports.forget()
      if (!this.alone) void shared.lease.report()
    })
  }

  activity(): Promise<ClusterActivity> {
    return this.#activity()
  }

  async connections(userKey: UserKey | null, limit: number): Promise<ClusterConnections> {
    const own = this.#local?.connections(userKey, limit) ?? { connections: [], total: 0 }
    const { parts, missing } = await this.#questions.ask({ ask: 'connections', userKey, limit }, this.#peerNames())
    const others = parts.filter((part) => part.ask === 'connections')
    const connections = [own, ...others].flatMap((part) => part.connections).slice(0, limit)
    const total = others.reduce((sum, part) => sum + part.total, own.total)
    return { connections, total, missingNodes: [...new Set([...missing, ...this.#ambiguousNames()])] }
  }

  async close(connectionId: string): Promise<boolean> {
    const node = nodeOf(connectionId)
    if (this.#local?.close(connectionId)) return true
    const { nodes } = this.#deps
    const isKnown = () => nodes.peers().some(({ name }) => name === node)
    // It may have joined since the last renewal.
    if (!isKnown() && node !== nodes.self.name) await nodes.refresh()
    if (!isKnown()) return false
    const { parts, missing } = await this.#questions.ask({ ask: 'close', connectionId }, [node])
    if (missing.length === 0) return parts.some((part) => part.ask === 'close' && part.closed)
    throw new FocusError('node_unreachable', `The node ${node}, which has the connection, does not answer.`, {
      hint: 'Try again in a few seconds; if the node died, its connections are gone.',
      retryAfterSeconds: 5,
    })
  }

  /** Stops asking and answering. */
  async stop(): Promise<void> {
    if (this.#timer) clearInterval(this.#timer)
    this.#stopListening()
    this.#questions.close()
  }

  #peerNames(): string[] {
    const { nodes } = this.#deps
    const names = new Set(nodes.peers().map(({ name }) => name))
    // The row of an earlier life of this node.
    names.delete(nodes.self.name)
    return [...names]
  }

  /** Names of several live processes: only one of each is asked. After a crash, also that of a node that started again. */
  #ambiguousNames(): string[] {
    const { nodes } = this.#deps
    const names = [nodes.self, ...nodes.peers()].map(({ name }) => name)
    return names.filter((name, index) => names.indexOf(name) !== index)
  }

  #ownDetails(): DescribedNode['details'] {
    if (this.#reports) return this.#reports.details()
    const activity = this.#local?.activity() ?? { users: 0, connections: 0, deliveries: 0, actions: 0 }
    return { ...activity, sample: this.#local?.sample(sampleSize) ?? new Map() }
  }

  async #readActivity(): Promise<ClusterActivity> {
    const { self } = this.#deps.nodes
    const peers = this.alone ? [] : await this.#readPeers()
    return clusterActivity({ node: self, details: this.#ownDetails() }, peers)
  }

  /** While the database is away, the last answer of nodes stays in force. Samples are read only when they changed. */
  async #readPeers(): Promise<readonly DescribedNode[]> {
    const { nodes, shared, runtime } = this.#deps
    const peers = nodes.peers()
    try {
      if (shared) await this.#readChanges(shared.store, peers)
    } catch (error) {
      runtime.debug('broker')('reading the counts of the other nodes failed', { error })
    }
    return peers.map((node) => {
      const sample: UserSample = this.#samples.get(node.id)?.users ?? new Map()
      return { node, details: { ...decodeCounts(this.#counts.get(node.id) ?? ''), sample } }
    })
  }

  async #readChanges(store: NodeStore, peers: readonly ClusterNode[]): Promise<void> {
    const texts = await store.texts(
      'details',
      peers.map(({ id }) => id),
    )
    this.#counts = texts
    const numbers = new Map([...texts].map(([id, text]) => [id, decodeCounts(text).sampleNumber]))
    const changed = [...numbers].filter(([id, number]) => this.#samples.get(id)?.number !== number)
    const read = await store.texts(
      'sample',
      changed.map(([id]) => id),
    )
    const samples = new Map([...this.#samples].filter(([id]) => texts.has(id)))
    for (const [id, number] of changed) samples.set(id, { number, users: decodeSample(read.get(id) ?? '') })
    this.#samples = samples
  }

  *#answer(question: NodeQuestion): Iterable<NodeAnswer> {
    if (question.ask === 'close') {
      yield { ask: 'close', closed: this.#local?.close(question.connectionId) ?? false }
      return
    }
    const { userKey, limit } = question
    const { connections, total } = this.#local?.connections(userKey, limit) ?? { connections: [], total: 0 }
    for (let from = 0; from === 0 || from < connections.length; from += partSize) {
      // The sum of the parts is the total.
      yield { ask: 'connections', connections: connections.slice(from, from + partSize), total: from === 0 ? total : 0 }
    }
  }
}

/** Connection ids are `<node>.<number>`, and names of nodes may have dots. */
function nodeOf(connectionId: string): string {
  return connectionId.slice(0, Math.max(0, connectionId.lastIndexOf('.')))
}
