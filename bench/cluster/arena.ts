import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import type { ClientAnswer, ClientOrder, ContestantName, NodeAnswer, NodeArguments, NodeOrder } from './protocol.ts'

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
    this.#client = fork(new URL('client-process.ts', import.meta.url))
  }

  static async open(settings: NodeArguments, nodes: number): Promise<ClusterArena> {
    const children: ChildProcess[] = []
    const ports = []
    for (let n = 0; n < nodes; n += 1) {
      const child = fork(new URL('node-process.ts', import.meta.url), [JSON.stringify(settings)])
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
    this.#tell({ op: 'connect', greeting, sockets, controlPort: this.#ports[0]?.controlPort ?? 0 })
    await connected
  }

  /** Returns the latency of each notification, from the call at the first node to the client, in milliseconds. */
  async latencies(users: readonly number[], count: number, pauseMs: number): Promise<readonly number[]> {
    const { counted } = await this.#count(count, true)
    this.#order(0, { op: 'trickle', users, count, pauseMs })
    return (await counted).latenciesMs
  }

  /** Sends from the given nodes together, and returns how many notifications arrived per second. */
  async flood(senders: readonly number[], users: readonly number[], count: number, window: number): Promise<number> {
    const each = Math.floor(count / senders.length)
    const { counted } = await this.#count(each * senders.length, false)
    const started = senders.map((sender) => {
      const flooded = answerOf<NodeAnswer, 'flooded'>(this.#node(sender), 'flooded')
      this.#order(sender, { op: 'flood', users, count: each, window })
      return flooded
    })
    const { atMs } = await counted
    const startedMs = Math.min(...(await Promise.all(started)).map((answer) => answer.startedMs))
    return (each * senders.length) / ((atMs - startedMs) / 1_000)
  }

  async usage(node: number): Promise<Extract<NodeAnswer, { op: 'usage' }>> {
    const usage = answerOf<NodeAnswer, 'usage'>(this.#node(node), 'usage')
    this.#order(node, { op: 'usage' })
    return usage
  }

  async close(): Promise<void> {
    await Promise.all(
      [...this.nodes, this.#client].map(async (child) => {
        const gone = once(child, 'exit')
        child.disconnect()
        await gone
      }),
    )
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
  async #count(
    expected: number,
    latency: boolean,
  ): Promise<{ readonly counted: Promise<Extract<ClientAnswer, { op: 'counted' }>> }> {
    const counting = answerOf<ClientAnswer, 'counting'>(this.#client, 'counting')
    const counted = answerOf<ClientAnswer, 'counted'>(this.#client, 'counted')
    this.#tell({ op: 'count', expected, latency })
    await counting
    return { counted }
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

/** Resolves with the next message of this kind, and rejects when the process ends before. */
function answerOf<Message extends { op: string }, Op extends Message['op']>(
  child: ChildProcess,
  op: Op,
): Promise<Extract<Message, { op: Op }>> {
  return new Promise((resolve, reject) => {
    const onMessage = (message: Message) => {
      if (message.op !== op) return
      child.off('message', onMessage)
      child.off('exit', onExit)
      resolve(message as Extract<Message, { op: Op }>)
    }
    const onExit = (code: number | null) => reject(new Error(`A process ended with ${code}.`))
    child.on('message', onMessage)
    child.once('exit', onExit)
  })
}
