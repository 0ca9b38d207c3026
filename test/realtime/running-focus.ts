import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { join } from 'node:path'
import { attachUpgrade, nodeHandler } from '@focus-api/adapters/node'
import { createFocus, type Focus, type FocusOptions } from '@focus-api/core'
import { removeFolder, temporaryFolder } from '@focus-api/test-kit/processes/temporary-folder'
import { profileOf } from '@focus-api/test-kit/focus/profile'

const adminKey = 'an-admin-key-of-a-test-that-is-long-enough'

export interface TestUser {
  readonly id: number
  readonly token: string
}

/** Focus on a plain Node server, with SQLite in a temporary folder. */
export class RunningFocus {
  readonly focus: Focus
  readonly url: string
  readonly #server: Server
  readonly #folder: string

  private constructor(focus: Focus, server: Server, url: string, folder: string) {
    this.focus = focus
    this.#server = server
    this.url = url
    this.#folder = folder
  }

  static async start(options: FocusOptions = {}): Promise<RunningFocus> {
    const folder = temporaryFolder('realtime')
    const focus = await createFocus({ database: `sqlite:${join(folder, 'focus.db')}`, adminKey, env: {}, ...options })
    const handle = nodeHandler(focus)
    const server = createServer((req, res) => {
      if (!handle(req, res)) res.writeHead(404).end()
    })
    attachUpgrade(server, focus)
    await once(server.listen(0, '127.0.0.1'), 'listening')
    const address = server.address()
    const port = typeof address === 'object' ? address?.port : 0
    return new RunningFocus(focus, server, `http://127.0.0.1:${port}/api`, folder)
  }

  /** Signs a new user in and returns an access token. */
  async signIn(username: string): Promise<TestUser> {
    const { user } = await this.focus.auth.accounts.signIn(profileOf(username, { preferredUsername: username }))
    const answer = await this.admin('/admin/token', { user: user.username })
    if (!answer.ok) throw new Error(`${answer.status}: ${await answer.text()}`)
    const { access_token: token }: { access_token: string } = await answer.json()
    return { id: Number(user.id), token }
  }

  admin(path: string, body?: object, method = body ? 'POST' : 'GET'): Promise<Response> {
    return fetch(`${this.url}${path}`, {
      method,
      headers: { authorization: `Bearer ${adminKey}`, 'content-type': 'application/json' },
      ...(body && { body: JSON.stringify(body) }),
    })
  }

  /** Sends a request with the token of a user. */
  as(user: TestUser, path: string, body?: object): Promise<Response> {
    return fetch(`${this.url}${path}`, {
      method: body ? 'POST' : 'GET',
      headers: { authorization: `Bearer ${user.token}`, 'content-type': 'application/json' },
      ...(body && { body: JSON.stringify(body) }),
    })
  }

  /** Counts the connections of the HTTP server, without idle ones. */
  openSockets(): Promise<number> {
    this.#server.closeIdleConnections()
    return new Promise((resolve, reject) =>
      this.#server.getConnections((error, count) => (error ? reject(error) : resolve(count))),
    )
  }

  async stop(): Promise<void> {
    await this.focus.close()
    this.#server.closeAllConnections()
    this.#server.close()
    removeFolder(this.#folder)
  }
}
