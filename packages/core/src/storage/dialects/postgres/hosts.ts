import { Client, type ClientConfig } from 'pg'
import { FocusError } from '../../../common/errors.ts'
import { connectionsOf } from '../servers/connection-limit.ts'
import { classifyPostgresError } from './classify.ts'

/** Parameters of the URL that the driver does not know. */
const ownParameters = ['connectionLimit', 'target_session_attrs']

/**
 * The hosts of a URL such as `postgres://user@one:5432,two:5432/name`: the servers of one database, of which one is writable.
 * New connections go to the host that was writable last, and to the next one when it no longer is.
 */
export class Hosts {
  /** Connections that may be open at once. */
  readonly connections: number
  /** The driver's client, which connects to the current host. */
  readonly client: typeof Client
  readonly #urls: readonly string[]
  #current = 0

  /**
   * @param setting the setting that the URL comes from
   * @throws FocusError `invalid_option`
   */
  constructor(url: string, setting = 'DATABASE_URL') {
    this.#urls = urlsOf(url)
    // All of them: errors of the driver would show the password.
    const [first] = this.#urls.map((one) => parsed(one, setting))
    this.connections = connectionsOf((first ?? parsed(url, setting)).searchParams)
    const current = () => withoutOwnParameters(this.#urls[this.#current] ?? url)
    this.client = class extends Client {
      constructor(config?: ClientConfig) {
        super({ ...config, connectionString: current() })
      }
    }
  }

  /** Connects, at most once to each host. */
  async tryEach<T>(connect: () => Promise<T>): Promise<T> {
    for (let tried = 1; ; tried += 1) {
      const asked = this.#current
      try {
        return await connect()
      } catch (error) {
        if (classifyPostgresError(error) !== 'connection') throw error
        // Unless another attempt has moved on already.
        if (this.#current === asked) this.#current = (asked + 1) % this.#urls.length
        if (tried >= this.#urls.length) throw error
      }
    }
  }
}

/** Returns one URL for each host of a URL. The host ends the part with the password, which may contain commas. */
function urlsOf(url: string): string[] {
  const [, before, hosts, after] = /^([^/]+:\/\/(?:[^/?#]*@)?)([^/?#]*)(.*)$/s.exec(url) ?? []
  if (before === undefined || hosts === undefined || after === undefined) return [url]
  return hosts.split(',').map((host) => `${before}${host}${after}`)
}

function withoutOwnParameters(url: string): string {
  const address = new URL(url)
  if (!ownParameters.some((name) => address.searchParams.has(name))) return url
  for (const name of ownParameters) address.searchParams.delete(name)
  return address.href
}

function parsed(url: string, setting: string): URL {
  if (URL.canParse(url)) return new URL(url)
  throw new FocusError('invalid_option', `${setting}: is not a valid address of a PostgreSQL server.`, {
    hint: 'Write it as postgres://user:password@host:5432/name; escape special characters of the password with %.',
  })
}
