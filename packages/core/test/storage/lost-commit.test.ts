import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server } from 'node:net'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openApplicationKysely } from '@focus-api/test-kit/databases/application-kysely'
import type { OwnServer } from '@focus-api/test-kit/databases/database-kinds'
import { describeOverServers } from '@focus-api/test-kit/databases/matrix'
import { startNode } from '../notifications/support/node.ts'

/** A proxy before a server. It cuts off one client at its COMMIT, and forwards the COMMIT when the test says so. */
class CommitCutter {
  readonly #server: Server
  #armed = false
  #caught: (letThrough: () => void) => void = () => undefined

  private constructor(target: URL) {
    this.#server = createServer((client) => {
      const upstream = connect(Number(target.port), target.hostname)
      upstream.pipe(client)
      client.on('data', (packet) => {
        const length = this.#armed ? commitLength(packet) : 0
        upstream.write(packet.subarray(0, packet.length - length))
        if (length === 0) return
        this.#armed = false
        upstream.unpipe(client)
        upstream.resume()
        client.destroy()
        this.#caught(() => upstream.end(packet.subarray(packet.length - length)))
      })
      client.on('end', () => upstream.end())
      client.on('error', () => upstream.destroy())
      upstream.on('error', () => client.destroy())
    })
  }

  static async start(target: URL): Promise<CommitCutter> {
    const cutter = new CommitCutter(target)
    cutter.#server.listen(0, '127.0.0.1')
    await once(cutter.#server, 'listening')
    return cutter
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  /** Resolves when the next client is cut off at its COMMIT, with a function that forwards it. */
  cutNext(): Promise<() => void> {
    this.#armed = true
    return new Promise((resolve) => (this.#caught = resolve))
  }

  async stop(): Promise<void> {
    const closed = once(this.#server, 'close')
    this.#server.close()
    await closed
  }
}

/**
 * Returns the length of the message that ends a packet, if that is a COMMIT. Both protocols have five bytes before the text;
 * PostgreSQL ends it with a zero, and sends it together with other messages.
 */
function commitLength(packet: Buffer): number {
  const text = packet.subarray(-7).toString('latin1').toLowerCase()
  if (text === 'commit\0') return 12
  return text.endsWith('commit') && packet.length === 11 ? 11 : 0
}

/** Finds the transactions that wait for a lock. */
const waiting = {
  // The server refreshes this table only after 100 ms without a query.
  mariadb: sql`select 1 from information_schema.innodb_trx where trx_state = 'LOCK WAIT'`,
  postgres: sql`select 1 from pg_locks where not granted`,
}

describeOverServers('a COMMIT whose answer is lost', ({ kind, start }) => {
  let server: OwnServer
  beforeAll(async () => {
    server = await start()
  })
  afterAll(() => server.stop())

  test('is awaited while the server still works on it: every call is written once and resolves', async () => {
    const direct = new URL(await server.createDatabase())
    const cutter = await CommitCutter.start(direct)
    const through = new URL(direct)
    through.port = `${cutter.port}`
    through.hostname = '127.0.0.1'
    const node = await startNode(through.href)
    const spectator = openApplicationKysely(direct.href)
    try {
      const group = { key: 'g', window: '1h' }
      await node.notifications.notifyUser({ userId: 1, title: 'first', message: 'm', group })
      const cut = cutter.cutNext()
      const merged = node.notifications.notifyUser({ userId: 1, title: 'second', message: 'm', group })
      const others = [2, 3, 4].map((userId) => node.notifications.notifyUser({ userId, title: 't', message: 'm' }))
      const sent = Promise.all([merged, ...others])
      sent.catch(() => undefined)
      const letThrough = await cut
      await expect
        .poll(async () => (await waiting[kind].execute(spectator)).rows, { timeout: 10_000, interval: 250 })
        .toHaveLength(1)
      letThrough()
      await sent
      const { notifications } = await node.notifications.inbox(1)
      expect(notifications.map(({ title, count }) => [title, count])).toEqual([['second', 2]])
      for (const userId of [2, 3, 4]) expect((await node.notifications.inbox(userId)).notifications).toHaveLength(1)
    } finally {
      await node.close()
      await spectator.destroy()
      await cutter.stop()
    }
  })
})
