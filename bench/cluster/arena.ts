import type { ChildProcess } from 'node:child_process'
import { answerOf, endProcess, startProcess } from '../harness/children.ts'
import type { ClientAnswer, ClientOrder } from '../harness/protocol.ts'
import type { ContestantName, NodeAnswer, NodeArguments, NodeOrder } from './protocol.ts'

type Arrived = Extract<ClientAnswer, { op: 'arrived' }>

/** Nodes of one contestant in processes of their own, and a process with the sockets of all users. */
export class ClusterArena {
  readonly nodes: readonly ChildProcess[]
  readonly #client: ChildProcess
  readonly #contestant: ContestantName
  readonly #ports: readonly Extract<NodeAnswer, { op: 'ready' }>[]

  private constructor(
    contestant: ContestantName,
    nodes: readonly ChildProcess[],
    ports: readonly Extract<NodeAnswer, { op: 'ready' }>[],
  ) {
    this.#contestant = contestant
    this.nodes = nodes
    this.#ports = ports
    this.#client = startProcess(new URL('../harness/client-process.ts', import.meta.url), { core: null })
  }

  static async open(settings: NodeArguments, nodes: number): Promise<ClusterArena> {
    const children: ChildProcess[] = []
    const ports = []
    for (let n = 0; n < nodes; n += 1) {
      const child = startProcess(new URL('node-process.ts', import.meta.url), {
        args: [JSON.stringify(settings)],
        core: null,
      })
      children.push(child)
      ports.push(await answerOf<NodeAnswer, 'ready'>(child, 'ready'))
    }
    return new ClusterArena(settings.contestant, children, ports)
  }

  /**
   * Connects users at nodes; acknowledgements go to the first node.
   *
   * @param nodeOf returns the index of the node that a user connects to
   */
  async connect(users: number, nodeOf: (user: number) => number): Promise<void> {
    const tokens = await this.#tokens(users)
    const sockets = tokens.map((token, user) => ({ token, port: this.#ports[nodeOf(user)]?.port ?? 0 }))
    const greeting = this.#contestant === 'socket.io' ? 'socket.io' : 'focus'
    const connected = answerOf<ClientAnswer, 'connected'>(this.#client, 'connected')
    this.#tell({ op: 'connect', greeting, sockets, controlPort: this.#ports[0]?.controlPort ?? null, concurrency: 50 })
    await connected
  }

  /** Returns the latency of each notification, from the call at the first node to the client, in milliseconds. */
  async latencies(users: readonly number[], count: number, pauseMs: number): Promise<readonly number[]> {
    const { arrived } = await this.#expect(count, true)
    this.#order(0, { op: 'trickle', users, count, pauseMs })
    return (await arrived).latenciesMs
  }

  /** Sends from the given nodes together, and returns how many notifications arrived per second. */
  async flood(senders: readonly number[], users: readonly number[], count: number, window: number): Promise<number> {
    const each = Math.floor(count / senders.length)
    const { arrived } = await this.#expect(each * senders.length, false)
    const started = senders.map((sender) => {
      const flooded = answerOf<NodeAnswer, 'flooded'>(this.#node(sender), 'flooded')
      this.#order(sender, { op: 'flood', users, count: each, window })
      return flooded
    })
    const { atMs } = await arrived
    const startedMs = Math.min(...(await Promise.all(started)).map((answer) => answer.startedMs))
    return (each * senders.length) / ((atMs - startedMs) / 1_000)
  }

  async usage(node: number): Promise<Extract<NodeAnswer, { op: 'usage' }>> {
    const usage = answerOf<NodeAnswer, 'usage'>(this.#node(node), 'usage')
    this.#order(node, { op: 'usage' })
    return usage
  }

  async close(): Promise<void> {
    await Promise.all([...this.nodes, this.#client].map(endProcess))
  }

  /** Every node prepares the same users, so that each can send to all. Returns the tokens of the last one. */
  async #tokens(count: number): Promise<readonly string[]> {
    let tokens: readonly string[] = []
    for (const [index, child] of this.nodes.entries()) {
      const answer = answerOf<NodeAnswer, 'tokens'>(child, 'tokens')
      this.#order(index, { op: 'tokens', count })
      tokens = (await answer).tokens
    }
    return tokens
  }

  /** Resolves when the client counts, with its result to come. */
  async #expect(frames: number, times: boolean): Promise<{ readonly arrived: Promise<Arrived> }> {
    const expecting = answerOf<ClientAnswer, 'expecting'>(this.#client, 'expecting')
    const arrived = answerOf<ClientAnswer, 'arrived'>(this.#client, 'arrived')
    this.#tell({ op: 'expect', frames, times })
    await expecting
    return { arrived }
  }

  #node(index: number): ChildProcess {
    const node = this.nodes[index]
    if (!node) throw new Error(`There is no node ${index}.`)
    return node
  }

  #order(index: number, order: NodeOrder): void {
    this.#node(index).send(order)
  }

  #tell(order: ClientOrder): void {
    this.#client.send(order)
  }
}
