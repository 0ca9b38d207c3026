import type { UserKey } from '../../common/user-id.ts'
import type { RedisAddress, RedisServer } from './redis-address.ts'
import { type Channel, Channels } from './channels.ts'
import { findLayout, isSameLayout, type Layout } from './layout.ts'
import type { MessageListener, OpenRedis } from './redis-client.ts'
import { explainFailure, passing, type RedisFailure } from './redis-failure.ts'
import { type LinkContext, type Publication, RedisLink } from './redis-link.ts'

/** What every session of a broker is opened with. */
export interface SessionSettings {
  readonly open: OpenRedis
  readonly address: RedisAddress
  /** The id of the database. */
  readonly cluster: string
  readonly node: string
  /** Called with each payload of any channel. Must not throw. */
  readonly onPayload: MessageListener
}

const checkIntervalMs = 1_000
/** Every how many checks the Sentinels or the Cluster are asked again where the servers are. */
const layoutChecks = 5

/**
 * Connections to every server of one layout, until one of them is lost: then the session is over and another one is opened.
 * Servers that still work keep carrying messages until it is closed.
 */
export class RedisSession {
  readonly channels: Channels
  readonly layout: Layout
  readonly #settings: SessionSettings
  readonly #links: readonly RedisLink[]
  readonly #onLost: (failure: RedisFailure) => void
  readonly #timer: NodeJS.Timeout
  #checks = 0
  /** How many answers in a row named other servers. */
  #otherLayouts = 0
  #checking = false
  #over = false

  private constructor(
    settings: SessionSettings,
    layout: Layout,
    links: readonly RedisLink[],
    onLost: (failure: RedisFailure) => void,
  ) {
    this.#settings = settings
    this.layout = layout
    this.channels = new Channels(settings.cluster, layout)
    this.#links = links
    this.#onLost = onLost
    this.#timer = setInterval(() => void this.#check(), checkIntervalMs).unref()
  }

  /**
   * Finds the servers, connects to all of them, and subscribes to the channels of this node and of all nodes.
   *
   * @param known the servers of an earlier session
   * @throws RedisFailure
   */
  static async open(
    settings: SessionSettings,
    known: readonly RedisServer[],
    onLost: (failure: RedisFailure) => void,
  ): Promise<RedisSession> {
    const layout = await findLayout(settings.open, settings.address, known)
    let session: RedisSession | undefined
    let early: RedisFailure | undefined
    const context: LinkContext = {
      open: settings.open,
      settings: settings.address,
      sharded: layout.serverOfSlot !== null,
      onPayload: settings.onPayload,
      onLost: (failure) => (session ? session.#lose(failure) : (early ??= failure)),
    }
    const links = await openLinks(layout.servers, context)
    session = new RedisSession(settings, layout, links, onLost)
    try {
      if (early) throw early
      await session.#prepare()
      return session
    } catch (error) {
      session.close()
      throw error
    }
  }

  /** Publishes in this order. Resolves when the servers have taken everything; what a lost server would carry is dropped. */
  async publish(publications: readonly (readonly [Channel, string])[]): Promise<void> {
    const byServer = new Map<number, Publication[]>()
    for (const [{ name, server }, payload] of publications) {
      const publication = { channel: name, payload }
      const ofServer = byServer.get(server)
      if (ofServer) ofServer.push(publication)
      else byServer.set(server, [publication])
    }
    const sent = [...byServer].flatMap(([server, ofServer]) => this.#links[server]?.publish(ofServer) ?? [])
    await Promise.all(sent)
  }

  /** Resolves once Redis has confirmed all subscriptions. @throws RedisFailure, after which the session is over */
  async subscribe(userKeys: readonly UserKey[]): Promise<void> {
    await this.#eachServer(userKeys, (link, channels) => link.subscribe(channels))
  }

  /** @throws RedisFailure, after which the session is over */
  async unsubscribe(userKeys: readonly UserKey[]): Promise<void> {
    await this.#eachServer(userKeys, (link, channels) => link.unsubscribe(channels))
  }

  close(): void {
    this.#over = true
    clearInterval(this.#timer)
    for (const link of this.#links) link.close()
  }

  /** Fails for a replica that is not the master yet, and for a user without the permissions that Focus needs. */
  async #prepare(): Promise<void> {
    const { all, own } = { all: this.channels.all, own: this.channels.ofNode(this.#settings.node) }
    if (this.#settings.address.kind === 'sentinel') await Promise.all(this.#links.map((link) => link.checkRole()))
    await this.#links[all.server]?.subscribe([all])
    await this.#links[own.server]?.subscribe([own])
    await this.publish([
      [own, ''],
      [own, ''],
    ])
    if (this.#over) throw passing('Redis closed the connection.')
  }

  async #eachServer(
    userKeys: readonly UserKey[],
    work: (link: RedisLink, channels: readonly Channel[]) => Promise<void>,
  ): Promise<void> {
    const byServer = new Map<RedisLink, Channel[]>()
    for (const userKey of userKeys) {
      const channel = this.channels.ofUser(userKey)
      const link = this.#links[channel.server]
      if (!link) continue
      const channels = byServer.get(link)
      if (channels) channels.push(channel)
      else byServer.set(link, [channel])
    }
    await Promise.all([...byServer].map(([link, channels]) => work(link, channels)))
  }

  async #check(): Promise<void> {
    if (this.#checking) return
    this.#checking = true
    this.#checks += 1
    try {
      await Promise.all(this.#links.map((link) => link.check()))
      const moves = this.#settings.address.kind !== 'single' || this.layout.serverOfSlot !== null
      if (moves && this.#checks % layoutChecks === 0) await this.#checkLayout()
    } finally {
      this.#checking = false
    }
  }

  /** Notices a master that was replaced while it is still reachable. A server that just started may answer what was once true. */
  async #checkLayout(): Promise<void> {
    const { open, address } = this.#settings
    const current = await findLayout(open, address, this.layout.servers).catch(() => null)
    if (current === null) return
    this.#otherLayouts = isSameLayout(current, this.layout) ? 0 : this.#otherLayouts + 1
    if (this.#otherLayouts === 2) this.#lose(passing('Redis has another master now.'))
  }

  #lose(failure: RedisFailure): void {
    if (this.#over) return
    this.#over = true
    this.#onLost(failure)
  }
}

async function openLinks(servers: readonly RedisServer[], context: LinkContext): Promise<RedisLink[]> {
  const opened = await Promise.allSettled(servers.map((server) => RedisLink.open(server, context)))
  const links = opened.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
  const failed = opened.findIndex(({ status }) => status === 'rejected')
  if (failed === -1) return links
  for (const link of links) link.close()
  const { reason } = opened[failed] as PromiseRejectedResult
  throw explainFailure(reason, servers[failed] ?? { host: '', port: 0 })
}
