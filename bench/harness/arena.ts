import type { ChildProcess } from 'node:child_process'
import { answerOf, endProcess, startProcess } from './children.ts'
import { type ContestantName, entryOf } from './contestants.ts'
import type { Answer, ClientAnswer, ClientOrder, Load, Order, ServerArguments } from './protocol.ts'

/** Throughput and cost of one slice. */
export interface Slice {
  readonly calls: number
  /** Calls, or frames that arrived, per second of wall time. */
  readonly perSecond: number
  /** Processor time of the server, of all its threads and in the kernel, for each. */
  readonly cpuMicroseconds: number
  readonly userCpuMicroseconds: number
  /** Share of the time that the main thread was busy. */
  readonly mainThread: number
}

export interface ArenaOptions {
  /** With 1, the server stays on core 0; with 2 it may use every core. Clients stay on core 1. */
  readonly cores?: 1 | 2
  readonly database?: string
  /** Counts the statements that the server gives to SQLite, which costs a little. */
  readonly isCounting?: boolean
}

const serverCore = 0
const clientCore = 1

/** A server process and a client process, connected. */
export class Arena {
  readonly name: ContestantName
  readonly #server: ChildProcess
  readonly #client: ChildProcess
  readonly #ports: { readonly port: number; readonly controlPort: number }

  private constructor(
    name: ContestantName,
    server: ChildProcess,
    client: ChildProcess,
    ports: { readonly port: number; readonly controlPort: number },
  ) {
    this.name = name
    this.#server = server
    this.#client = client
    this.#ports = ports
  }

  static async open(
    name: ContestantName,
    { cores = 1, database, isCounting = false }: ArenaOptions = {},
  ): Promise<Arena> {
    const settings: ServerArguments = { contestant: name, ...(database !== undefined && { database }) }
    const server = startProcess(new URL('server-process.ts', import.meta.url), {
      args: [JSON.stringify(settings)],
      core: cores === 1 ? serverCore : null,
      onBun: entryOf(name).isOnBun ?? false,
      ...(isCounting && { preload: new URL('statement-counter.ts', import.meta.url) }),
    })
    const ports = await answerOf<Answer, 'listening'>(server, 'listening')
    const client = startProcess(new URL('client-process.ts', import.meta.url), { core: clientCore })
    return new Arena(name, server, client, ports)
  }

  /** Connects with each token. Returns the seconds until all connections were ready. */
  async connect(tokens: readonly string[], concurrency = 100): Promise<number> {
    const { greeting } = entryOf(this.name)
    const { port, controlPort } = this.#ports
    const sockets = tokens.map((token) => ({ port, token }))
    const order: ClientOrder = { op: 'connect', controlPort, greeting, sockets, concurrency }
    return (await this.#askClient(order, 'connected')).seconds
  }

  async load(load: Load): Promise<Slice> {
    const { calls, seconds, userCpuSeconds, systemCpuSeconds, mainThread } = await this.#ask(
      { op: 'load', ...load },
      'load',
    )
    const operations = calls * Math.max(1, load.framesPerCall) * (load.rowsPerCall ?? 1)
    return {
      calls,
      perSecond: operations / seconds,
      cpuMicroseconds: ((userCpuSeconds + systemCpuSeconds) * 1e6) / operations,
      userCpuMicroseconds: (userCpuSeconds * 1e6) / operations,
      mainThread,
    }
  }

  /** Returns the bytes of a notification with its frame, measured since the last call. */
  async bytesPerFrame(): Promise<number> {
    const { frames, bytes } = await this.#askClient({ op: 'received' }, 'received')
    return Math.round(bytes / frames)
  }

  /** Returns the resident bytes of the server after garbage collections. */
  async memory(): Promise<number> {
    return (await this.#ask({ op: 'memory' }, 'memory')).rss
  }

  /** Writes a snapshot of the server's heap to a file. */
  async snapshot(file: string): Promise<void> {
    await this.#ask({ op: 'snapshot', file }, 'snapshot')
  }

  /** Returns tokens of users; servers that verify none accept the number of a user. */
  async tokens(count: number): Promise<readonly string[]> {
    const { tokens } = await this.#ask({ op: 'tokens', count }, 'tokens')
    return tokens.length > 0 ? tokens : Array.from({ length: count }, (_, user) => String(user))
  }

  /** Sends one notification to each user, so that each has a stream. */
  async streams(users: number): Promise<void> {
    await this.#ask({ op: 'streams', users }, 'streams')
  }

  /** Connects with each token at once, like clients after a restart. Their disconnects are not measured. */
  async storm(tokens: readonly string[], concurrency = 64): Promise<Slice> {
    const before = await this.cpuSeconds()
    const seconds = await this.connect(tokens, concurrency)
    const cpu = (await this.cpuSeconds()) - before
    await this.#askClient({ op: 'leave' }, 'left')
    // The server detects the disconnects and cleans up now, so that the next storm does not pay for it.
    await this.memory()
    const calls = tokens.length
    const perSecond = calls / seconds
    const cpuMicroseconds = (cpu * 1e6) / calls
    return { calls, perSecond, cpuMicroseconds, userCpuMicroseconds: Number.NaN, mainThread: Number.NaN }
  }

  /** Returns the processor time that the server has used. */
  async cpuSeconds(): Promise<number> {
    return (await this.#ask({ op: 'cpu' }, 'cpu')).seconds
  }

  /** Returns how many statements the server has given to SQLite; 0 unless the arena counts. */
  async statements(): Promise<number> {
    return (await this.#ask({ op: 'statements' }, 'statements')).count
  }

  async close(): Promise<void> {
    await Promise.all([endProcess(this.#server), endProcess(this.#client)])
  }

  async #ask<Op extends Answer['op']>(order: Order, op: Op): Promise<Extract<Answer, { op: Op }>> {
    const answered = answerOf<Answer, Op>(this.#server, op)
    this.#server.send(order)
    return answered
  }

  async #askClient<Op extends ClientAnswer['op']>(
    order: ClientOrder,
    op: Op,
  ): Promise<Extract<ClientAnswer, { op: Op }>> {
    const answered = answerOf<ClientAnswer, Op>(this.#client, op)
    this.#client.send(order)
    return answered
  }
}
