import type { ConnectionSettings, MessageListener, OpenRedis, RedisClient } from './redis-client.ts'
import type { Channel } from './channels.ts'
import { nameOf, type RedisServer } from './redis-address.ts'
import { explainFailure, passing, type RedisFailure } from './redis-failure.ts'

/** The parts that all links of a session share. */
export interface LinkContext {
  readonly open: OpenRedis
  readonly settings: ConnectionSettings
  /** Whether channels are sharded, as in a Redis Cluster. */
  readonly sharded: boolean
  readonly onPayload: MessageListener
  readonly onLost: (failure: RedisFailure) => void
}

/** A payload for a channel. */
export interface Publication {
  readonly channel: string
  readonly payload: string
}

/** Channels in one SUBSCRIBE. */
const subscribeChunk = 1_000
/** How often a connection that owes an answer to PING is looked at: twice, because a busy event loop delays limit and answer alike. */
const lookMs = 500
const looks = 2

/**
 * The two connections of this node to one Redis: one publishes, the other is subscribed. Many publications travel as one command,
 * a script: node-redis spends more on a command than on everything else.
 */
export class RedisLink {
  readonly #server: RedisServer
  readonly #context: LinkContext
  readonly #publisher: RedisClient
  readonly #subscriber: RedisClient
  readonly #publishCommand: 'PUBLISH' | 'SPUBLISH'
  readonly #script: string
  /** False when the user may not run scripts. */
  #scripts = true
  #lost = false
  /** Answers of the publisher and payloads of the subscriber: signs of life of a connection that is far behind. */
  #answers = 0
  #payloads = 0
  readonly #onPayload: MessageListener

  private constructor(server: RedisServer, context: LinkContext, publisher: RedisClient, subscriber: RedisClient) {
    this.#server = server
    this.#context = context
    this.#publisher = publisher
    this.#subscriber = subscriber
    this.#onPayload = (payload) => {
      this.#payloads += 1
      context.onPayload(payload)
    }
    this.#publishCommand = context.sharded ? 'SPUBLISH' : 'PUBLISH'
    this.#script = `for i = 1, #ARGV, 2 do redis.call('${this.#publishCommand}', ARGV[i], ARGV[i + 1]) end`
  }

  /** @throws RedisFailure */
  static async open(server: RedisServer, context: LinkContext): Promise<RedisLink> {
    let link: RedisLink | undefined
    let early: RedisFailure | undefined
    const lost = (failure: RedisFailure) => (link ? link.lose(failure) : (early ??= failure))
    const opened = await Promise.allSettled([
      context.open(server, context.settings, lost),
      context.open(server, context.settings, lost),
    ])
    const [publisher, subscriber] = opened
    if (publisher.status === 'fulfilled' && subscriber.status === 'fulfilled' && early === undefined) {
      link = new RedisLink(server, context, publisher.value, subscriber.value)
      return link
    }
    for (const one of opened) if (one.status === 'fulfilled') one.value.destroy()
    throw early ?? opened.find((one) => one.status === 'rejected')?.reason
  }

  /** Publishes in this order. Resolves when Redis has taken everything, and also when the link was lost before. */
  async publish(publications: readonly Publication[]): Promise<void> {
    try {
      if (this.#scripts && publications.length > 1) await this.#publishTogether(publications)
      else await this.#publishEach(publications)
      this.#answers += 1
    } catch (error) {
      this.lose(explainFailure(error, this.#server))
    }
  }

  /**
   * Subscribes to channels and resolves once Redis has confirmed all of them.
   *
   * @throws Error of Redis, after which the link is lost
   */
  subscribe(channels: readonly Channel[]): Promise<void> {
    return this.#change(channels, (names) =>
      this.#context.sharded
        ? this.#subscriber.sSubscribe(names, this.#onPayload)
        : this.#subscriber.subscribe(names, this.#onPayload),
    )
  }

  unsubscribe(channels: readonly Channel[]): Promise<void> {
    return this.#change(channels, (names) =>
      this.#context.sharded ? this.#subscriber.sUnsubscribe(names) : this.#subscriber.unsubscribe(names),
    )
  }

  /** Asks both connections for a sign of life; the link is lost if one gives none within a second. */
  async check(): Promise<void> {
    await Promise.all([
      this.#ping(this.#publisher, () => this.#answers),
      this.#ping(this.#subscriber, () => this.#payloads),
    ])
  }

  /** @throws RedisFailure if the server is a replica now */
  async checkRole(): Promise<void> {
    const answer = await this.#publisher.sendCommand(['ROLE'])
    if (Array.isArray(answer) && String(answer[0]) !== 'master') {
      throw passing(`Redis at ${nameOf(this.#server)} is a replica and not the master.`)
    }
  }

  /** Ends both connections and reports why, once. */
  lose(failure: RedisFailure): void {
    if (this.#lost) return
    this.close()
    this.#context.onLost(failure)
  }

  close(): void {
    this.#lost = true
    this.#publisher.destroy()
    this.#subscriber.destroy()
  }

  async #publishTogether(publications: readonly Publication[]): Promise<void> {
    const command = ['EVAL', this.#script, '0']
    for (const { channel, payload } of publications) command.push(channel, payload)
    try {
      await this.#publisher.sendCommand(command)
    } catch (error) {
      if (!(error instanceof Error) || !/^(NOPERM|ERR unknown command)/.test(error.message)) throw error
      this.#scripts = false
      await this.#publishEach(publications)
    }
  }

  async #publishEach(publications: readonly Publication[]): Promise<void> {
    const sent = publications.map(({ channel, payload }) =>
      this.#publisher.sendCommand([this.#publishCommand, channel, payload]),
    )
    await Promise.all(sent)
  }

  async #change(channels: readonly Channel[], command: (names: string[]) => Promise<void>): Promise<void> {
    const bySlot = new Map<number, string[]>()
    for (const { name, slot } of channels) {
      const names = bySlot.get(slot)
      if (names) names.push(name)
      else bySlot.set(slot, [name])
    }
    const chunks = [...bySlot.values()].flatMap(chunksOfNames)
    try {
      await Promise.all(chunks.map(command))
    } catch (error) {
      const failure = explainFailure(error, this.#server)
      this.lose(failure)
      throw failure
    }
  }

  async #ping(client: RedisClient, signs: () => number): Promise<void> {
    let seen = signs()
    let left = looks
    // The answer waits behind everything that Redis sent before it.
    const timer = setInterval(() => {
      left = signs() === seen ? left - 1 : looks
      seen = signs()
      if (left === 0) this.lose(passing(`Redis at ${nameOf(this.#server)} does not answer.`))
    }, lookMs).unref()
    try {
      await client.sendCommand(['PING'])
    } catch (error) {
      this.lose(explainFailure(error, this.#server))
    } finally {
      clearInterval(timer)
    }
  }
}

function chunksOfNames(names: readonly string[]): string[][] {
  const chunks: string[][] = []
  for (let start = 0; start < names.length; start += subscribeChunk) {
    chunks.push(names.slice(start, start + subscribeChunk))
  }
  return chunks
}
