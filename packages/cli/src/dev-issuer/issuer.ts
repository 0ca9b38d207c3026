import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createHostGuard } from '../server/host-guard.ts'
import { createIssuerKeys, readIssuerKeys, writeIssuerKeys } from './signing-keys.ts'

/** Options of `startDevIssuer`. */
export interface DevIssuerOptions {
  /** Redirect URIs, such as `http://localhost:8000/api/auth/google/callback`; compared exactly. */
  readonly redirectUris: readonly string[]
  /** Port to listen on (default: the last port of the same `dataDir`, otherwise any free one). */
  readonly port?: number
  /** Folder for the signing key and the client secret; without it, nothing is stored. */
  readonly dataDir?: string
}

/** A running development issuer. */
export interface DevIssuer {
  /** Issuer identifier and base address, such as `http://127.0.0.1:40123`. */
  readonly issuer: string
  readonly clientId: string
  readonly clientSecret: string
  close(): Promise<void>
}

/** A development issuer of `focus dev`. */
export interface PreparableIssuer extends DevIssuer {
  /** Loads the provider, which otherwise the first request does. */
  prepare(): Promise<void>
}

const HOST = '127.0.0.1'

/**
 * Starts a real OpenID provider on loopback that replaces Google during development: discovery, authorization code with
 * PKCE, signed ID tokens. Users sign in by typing a name on its page, or immediately when the authorization request
 * contains `login_hint`. It asks for no password, so it listens on 127.0.0.1 only.
 *
 * @throws Error with code `EADDRINUSE` when `port` is given and taken
 * @example
 * ```ts
 * const issuer = await startDevIssuer({ redirectUris: ['http://localhost:8000/api/auth/google/callback'] })
 * console.log(issuer.issuer, issuer.clientId)
 * await issuer.close()
 * ```
 */
export function startDevIssuer(options: DevIssuerOptions): Promise<DevIssuer> {
  return startPreparableIssuer(options)
}

/** Starts the provider of `startDevIssuer` for `focus dev`, which chooses when its packages are loaded. */
export async function startPreparableIssuer(options: DevIssuerOptions): Promise<PreparableIssuer> {
  const { dataDir } = options
  const keys = (dataDir === undefined ? null : await readIssuerKeys(dataDir)) ?? createIssuerKeys()
  const server = createServer()
  const port = await listen(server, options.port, keys.port)
  try {
    if (dataDir !== undefined) await writeIssuerKeys(dataDir, { ...keys, port })
    const issuer = `http://${HOST}:${port}`
    let loading: Promise<RequestListener> | undefined
    // The packages of the provider take as long to load as all others together, and most starts need none of them.
    const provider = () => {
      loading ??= import('./provider.ts')
        .then((module) => module.createProvider(issuer, keys, options.redirectUris))
        .catch((error: unknown) => {
          // The next request tries again.
          loading = undefined
          throw error
        })
      return loading
    }
    const isForUs = createHostGuard({ listenHost: HOST })
    server.on('request', (request, response) => {
      if (!isForUs(request.headers.host)) return misdirected(request, response)
      // For example `//[`, which cannot be parsed.
      if (!URL.canParse(request.url ?? '/', issuer)) return void response.writeHead(400).end()
      provider().then(
        (answer) => answer(request, response),
        () => response.writeHead(500).end(),
      )
    })
    return {
      issuer,
      clientId: keys.clientId,
      clientSecret: keys.clientSecret,
      prepare: async () => void (await provider()),
      close: () => close(server),
    }
  } catch (error) {
    await close(server)
    throw error
  }
}

/**
 * Rejects other host names: a page that can read these pages can sign in as any user, and DNS rebinding lets another
 * site use a name that resolves to this machine.
 */
function misdirected({ headers: { host = '' } }: IncomingMessage, response: ServerResponse): void {
  response
    .writeHead(421, { 'content-type': 'text/plain; charset=utf-8', 'x-content-type-options': 'nosniff' })
    .end(`The development issuer answers for localhost only, not for ${JSON.stringify(host)}.\n`)
}

/** Listens on the requested port, otherwise on the last one if it is free, otherwise on any free port. */
async function listen(server: Server, wanted: number | undefined, last: number): Promise<number> {
  if (wanted === undefined && last !== 0) {
    try {
      return await listenOn(server, last)
    } catch {
      return listenOn(server, 0)
    }
  }
  return listenOn(server, wanted ?? 0)
}

async function listenOn(server: Server, port: number): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, HOST, () => {
      server.off('error', reject)
      resolve()
    })
  })
  return (server.address() as AddressInfo).port
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
}
