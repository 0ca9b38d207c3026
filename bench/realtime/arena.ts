import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import type { ContestantName } from './contestants/index.ts'
import type { Answer, ClientAnswer, ClientOrder, Greeting, Order } from './protocol.ts'

export interface Slice {
  /** Deliveries per second of wall time. */
  readonly perSecond: number
  readonly cpuMicroseconds: number
  readonly userCpuMicroseconds: number
}

const greetings: Readonly<Record<ContestantName, Greeting>> = {
  focus: 'focus',
  'socket.io': 'socket.io',
  ws: 'none',
  'raw net': 'none',
  'focus, EdDSA': 'focus',
  'focus, on SQLite': 'focus',
  'socket.io, jsonwebtoken': 'socket.io',
}

/** A server process and a client process, connected. */
export class Arena {
  readonly name: ContestantName
  readonly #server: ChildProcess
  readonly #client: ChildProcess
  readonly #ports: { port: number; controlPort: number }
  #notificationBytes = 0

  private constructor(
    name: ContestantName,
    server: ChildProcess,
    client: ChildProcess,
    ports: { port: number; controlPort: number },
  ) {
    this.name = name
    this.#server = server
    this.#client = client
    this.#ports = ports
  }

  static async open(name: ContestantName): Promise<Arena> {
    const here = (file: string) => new URL(file, import.meta.url)
    const server = fork(here('server-process.ts'), [name], { execArgv: [...process.execArgv, '--expose-gc'] })
    const client = fork(here('client-process.ts'))
    const ports = await answerOf<Answer, 'listening'>(server, 'listening')
    return new Arena(name, server, client, ports)
  }

  async connect(users: readonly number[], concurrency = 100): Promise<number> {
    const { port, controlPort } = this.#ports
    this.#client.send({
      op: 'connect',
      port,
      controlPort,
      greeting: greetings[this.name],
      tokens: users.map(String),
      concurrency,
    } satisfies ClientOrder)
    const { seconds } = await answerOf<ClientAnswer, 'connected'>(this.#client, 'connected')
    return seconds
  }

  /** Measures the bytes of one notification to one socket. */
  async calibrate(user: number, sockets: number): Promise<void> {
    await this.#count(Number.MAX_SAFE_INTEGER)
    this.#server.send({ op: 'one', user } satisfies Order)
    for (let before = -1, bytes = 0; bytes === 0 || bytes !== before; ) {
      await new Promise((resolve) => setTimeout(resolve, 300))
      this.#client.send({ op: 'received' } satisfies ClientOrder)
      before = bytes
      bytes = (await answerOf<ClientAnswer, 'received'>(this.#client, 'received')).bytes
      this.#notificationBytes = bytes / sockets
    }
  }

  get notificationBytes(): number {
    return this.#notificationBytes
  }

  /** Sends `perTurn` notifications per turn, each to `socketsPerUser` sockets. */
  async slice(users: readonly number[], socketsPerUser: number, rounds: number, perTurn: number): Promise<Slice> {
    await this.#count(this.#notificationBytes * socketsPerUser * perTurn)
    this.#server.send({ op: 'rounds', users, rounds, perTurn, window: 4 } satisfies Order)
    const answer = await answerOf<Answer, 'rounds'>(this.#server, 'rounds')
    const deliveries = rounds * perTurn * socketsPerUser
    const cpu = answer.userCpuSeconds + answer.systemCpuSeconds
    return {
      perSecond: deliveries / answer.seconds,
      cpuMicroseconds: (cpu * 1e6) / deliveries,
      userCpuMicroseconds: (answer.userCpuSeconds * 1e6) / deliveries,
    }
  }

  /** Returns the resident bytes of the server after a garbage collection. */
  async memory(): Promise<number> {
    this.#server.send({ op: 'memory' } satisfies Order)
    return (await answerOf<Answer, 'memory'>(this.#server, 'memory')).rss
  }

  async tokens(count: number): Promise<readonly string[]> {
    this.#server.send({ op: 'tokens', count } satisfies Order)
    const { tokens } = await answerOf<Answer, 'tokens'>(this.#server, 'tokens')
    // Servers without token verification accept any number of a user.
    return tokens.length > 0 ? tokens : Array.from({ length: count }, (_, index) => String(index + 1))
  }

  /** Connects with each token, like clients after a restart. Their disconnects are not measured. */
  async storm(tokens: readonly string[]): Promise<{ perSecond: number; cpuMicroseconds: number }> {
    const before = await this.cpuSeconds()
    const { port } = this.#ports
    const greeting = greetings[this.name]
    this.#client.send({ op: 'storm', port, greeting, tokens, concurrency: 64 } satisfies ClientOrder)
    const { seconds } = await answerOf<ClientAnswer, 'stormed'>(this.#client, 'stormed')
    const cpu = (await this.cpuSeconds()) - before
    this.#client.send({ op: 'leave' } satisfies ClientOrder)
    await answerOf<ClientAnswer, 'left'>(this.#client, 'left')
    // The server detects the disconnects and cleans up now, so that the next storm does not pay for it.
    await this.memory()
    return { perSecond: tokens.length / seconds, cpuMicroseconds: (cpu * 1e6) / tokens.length }
  }

  /** Returns the used processor time of the server. */
  async cpuSeconds(): Promise<number> {
    this.#server.send({ op: 'cpu' } satisfies Order)
    return (await answerOf<Answer, 'cpu'>(this.#server, 'cpu')).seconds
  }

  close(): void {
    this.#server.disconnect()
    this.#client.disconnect()
  }

  async #count(roundBytes: number): Promise<void> {
    this.#client.send({ op: 'count', roundBytes } satisfies ClientOrder)
    await answerOf<ClientAnswer, 'counting'>(this.#client, 'counting')
  }
}

async function answerOf<Message extends Answer | ClientAnswer, Op extends Message['op']>(
  child: ChildProcess,
  op: Op,
): Promise<Extract<Message, { op: Op }>> {
  const stop = new AbortController()
  const { signal } = stop
  const ended = once(child, 'exit', { signal }).then(() => {
    throw new Error(`A process of the benchmark exited during ${op}.`)
  })
  // Cancelled after the answer.
  ended.catch(() => undefined)
  try {
    for (;;) {
      const [message]: Message[] = await Promise.race([once(child, 'message', { signal }), ended])
      if (message?.op === op) return message as Extract<Message, { op: Op }>
    }
  } finally {
    stop.abort()
  }
}
