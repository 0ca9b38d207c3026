import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { join } from 'node:path'
import { attachUpgrade, nodeHandler } from '@focus-api/adapters/node'
import { createFocus, type Focus, type FocusOptions, type User } from '@focus-api/core'
import { freePort, removeFolder, temporaryFolder } from '@focus-api/test-kit/servers/servers'
import type { TokenResponse } from '../../src/protocol.ts'
import { googleProfileOf } from '@focus-api/test-kit/focus/profile'

/** A Focus server with real routes, real sockets and a new database. */
export interface FocusServer {
  /** Address of the API, such as `http://127.0.0.1:20123/api`. */
  readonly url: string
  readonly focus: Focus
  /** Signs a user in, and creates the user at the first sign-in. Returns the answer of the token route. */
  signIn(name: string): Promise<TokenResponse & { readonly user: { readonly id: number | string } }>
  /** Stops the server like a deploy, and starts it again on the same port and database. */
  restart(): Promise<void>
  /** Cuts every connection, like a crash. The server keeps running. */
  cut(): void
  stop(): Promise<void>
}

export async function startFocusServer(options: FocusOptions = {}): Promise<FocusServer> {
  const port = await freePort()
  const folder = temporaryFolder('client')
  const database = `sqlite:${join(folder, 'focus.db')}`
  let running = await start()

  async function start(): Promise<{ focus: Focus; server: Server }> {
    const focus = await createFocus({ env: {}, port, database, ...options })
    const handle = nodeHandler(focus)
    const server = createServer((req, res) => {
      if (!handle(req, res)) res.writeHead(404).end()
    })
    attachUpgrade(server, focus)
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
    return { focus, server }
  }

  async function end(): Promise<void> {
    running.server.close()
    await running.focus.close()
    running.server.closeAllConnections()
  }

  const sockets = new Set<{ destroy(): void }>()
  const watch = () =>
    running.server.on('connection', (socket) => sockets.add(socket.once('close', () => sockets.delete(socket))))
  watch()

  return {
    url: `http://127.0.0.1:${port}/api`,
    get focus() {
      return running.focus
    },
    async signIn(name) {
      const { auth } = running.focus
      const { user } = await auth.accounts.signIn(googleProfileOf(name, { givenName: null }))
      return tokensOf(user, await auth.sessions.start(user, 'google'))
    },
    async restart() {
      await end()
      running = await start()
      watch()
    },
    cut() {
      for (const socket of sockets) socket.destroy()
    },
    async stop() {
      await end()
      removeFolder(folder)
    },
  }
}

function tokensOf(user: User, pair: { accessToken: string; refreshToken: string | null; expiresIn: number }) {
  return {
    access_token: pair.accessToken,
    ...(pair.refreshToken === null ? {} : { refresh_token: pair.refreshToken }),
    expires_in: pair.expiresIn,
    user: {
      id: user.id,
      username: user.username,
      email: user.email,
      full_name: user.fullName,
      avatar_url: user.avatarUrl,
    },
  }
}
