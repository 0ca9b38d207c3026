import { EventEmitter } from 'node:events'
import { expect } from 'vitest'
import { RunningFocus, type TestUser } from '../../../../../test/realtime/running-focus.ts'
import type { FocusOptions } from '../../../src/options/options.ts'
import { TestClient } from '../../realtime/support/client.ts'
import { EmitterBroker } from './emitter-broker.ts'

/** One node of a test, with its broker. */
export interface TestNode {
  readonly app: RunningFocus
  readonly broker: EmitterBroker
  readonly name: string
}

/** Nodes on one database, connected by one event emitter. */
export class TestNodes {
  readonly #database: string
  readonly #bus = new EventEmitter().setMaxListeners(100)
  readonly #open: TestNode[] = []
  readonly #clients: TestClient[] = []

  constructor(database: string) {
    this.#database = database
  }

  async start(name: string, options: FocusOptions = {}): Promise<TestNode> {
    const broker = new EmitterBroker(this.#bus)
    const secret = '5b7d2f0c9e1a4836b2d4f6a8c0e1f3a5b7d9'
    const app = await RunningFocus.start({ database: this.#database, secret, broker, node: name, ...options })
    const node = { app, broker, name }
    this.#open.push(node)
    return node
  }

  /** Opens a socket of a user on a node. */
  async connect({ app }: TestNode, { token }: Pick<TestUser, 'token'>): Promise<TestClient> {
    const client = new TestClient(`${app.url.replace('http', 'ws')}/ws/notifications?token=${token}`)
    this.#clients.push(client)
    await client.next('connection')
    return client
  }

  /** Resolves once every node has every other one in its list, and sends it messages. */
  async acquainted(): Promise<void> {
    for (const { app } of this.#open) {
      await expect
        .poll(async () => (await app.focus.realtime.stats()).nodes, { timeout: 20_000 })
        .toBe(this.#open.length)
    }
  }

  async stop(): Promise<void> {
    for (const client of this.#clients.splice(0)) client.socket.terminate()
    for (const { app } of this.#open.splice(0).toReversed()) await app.stop()
  }
}
