import type { Client } from 'pg'
import { withTimeout } from '../../../common/async/with-timeout.ts'
import { lost } from '../servers/session-guard.ts'
import type { Hosts } from './hosts.ts'
import { announcedProcess, streamOf } from './pg-connection.ts'

/** How long it may take to connect, and for `LISTEN` to be answered. */
const connectMs = 4_000

/** One session that listens to a channel. It is open until `ended` resolves. */
export class ListeningSession {
  /** Resolves when the session has ended, for whatever reason. */
  readonly ended: Promise<void>
  readonly #client: Client

  private constructor(client: Client, ended: Promise<void>) {
    this.#client = client
    this.ended = ended
  }

  /**
   * @param heard called with the payload of each notification on the channel
   * @param isDirect whether the hosts were named for this purpose; other ones may be a pooler
   * @throws Error when a pooler answers that was not named for this: a session that it lends would go on listening for everybody
   */
  static async open(
    hosts: Hosts,
    channel: string,
    heard: (payload: string) => void,
    isDirect = true,
  ): Promise<ListeningSession> {
    return hosts.tryEach(async () => {
      const client = await connect(hosts)
      const ended = new Promise<void>((resolve) => client.once('end', () => resolve()))
      client.on('notification', ({ payload }) => heard(payload ?? ''))
      try {
        if (!isDirect) await withTimeout(refusePooler(client), connectMs, late)
        // A standby accepts the connection and refuses this.
        await withTimeout(client.query(`listen ${channel}`), connectMs, late)
      } catch (error) {
        streamOf(client).destroy()
        throw error
      }
      return new ListeningSession(client, ended)
    })
  }

  /** Ends the session without waiting for the server. */
  end(): void {
    streamOf(this.#client).destroy()
  }
}

async function connect(hosts: Hosts): Promise<Client> {
  const client = new hosts.client({
    connectionTimeoutMillis: connectMs,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    application_name: 'focus listener',
  })
  // A connection that is lost ends the session, which `ended` tells.
  client.on('error', () => undefined)
  await client.connect()
  return client
}

async function refusePooler(client: Client): Promise<void> {
  const { rows } = await client.query<{ process: number }>('select pg_backend_pid() as process')
  if (rows[0]?.process !== announcedProcess(client)) {
    throw new Error('DATABASE_URL leads to a pooler, which may give each transaction another session')
  }
}

function late(): Error {
  return lost('the server did not answer in time')
}
