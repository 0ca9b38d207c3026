import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { nodeHandler } from '@focus-api/adapters/node'
import { createFocus, type Focus, FocusError, type FocusOptions, type Logger } from '@focus-api/core'
import { refuseUpgrade } from '@focus-api/core/internal'
import { type FocusConfig, focusOptionsOf } from '../config/config-file.ts'
import type { Environment } from '../terminal/context.ts'
import { announceServer, withdrawServer } from '../config/data-folder.ts'
import { startDevIssuer, type DevIssuer } from '../dev-issuer/issuer.ts'
import { closeHttp } from '../server/close.ts'
import { createHostGuard, type HostGuard } from '../server/host-guard.ts'
import { alsoOnIpv6Loopback } from '../server/ipv6-loopback.ts'
import { listen } from '../server/listen-on.ts'
import { createHttpServer } from '../server/http-server.ts'
import { describeDatabase } from '../config/database-name.ts'
import { folderAdminKey, openDataFolder } from './folder.ts'
import { opsHandler } from '../pages/ops/ops-handler.ts'
import { answerMisdirected, refuseMisdirected } from './misdirected.ts'
import { pageHandler } from './page-routes.ts'
import type { DevSettings } from './dev-settings.ts'

export interface DevServer {
  /** Where a browser reaches it, such as `http://localhost:8000`. */
  readonly url: string
  readonly adminKey: string
  /** Who signs people in; null when sign-in is switched off. */
  readonly issuer: string | null
  /** The development issuer stands in for Google. */
  readonly devIssuer: boolean
  /** Without a password in it. */
  readonly database: string
  /** Ends everything in order: sockets first, then routes, then the database; the announcement goes with it. */
  close(): Promise<void>
}

const CALLBACK = '/api/auth/google/callback'

/**
 * Starts everything that `focus dev` is made of: data folder, HTTP server, development issuer, Focus, page.
 *
 * @throws CommandFailure `data_folder`, `already_running`, `port_taken`, `cannot_listen`; FocusError for a wrong setting
 */
export async function startDevServer(
  settings: DevSettings,
  config: FocusConfig,
  { env, logger }: { readonly env: Environment; readonly logger: Logger },
): Promise<DevServer> {
  const { dataFolder } = settings
  const closing: (() => Promise<void>)[] = []
  const close = async () => {
    for (const step of closing.splice(0).toReversed()) await step()
  }
  try {
    await openDataFolder(dataFolder)
    const adminKey = settings.adminKey ?? (await folderAdminKey(dataFolder))
    const http = createHttpServer()
    const port = await listen(http, settings.port, settings.host)
    const ipv6 = settings.loopbackOnly && settings.host !== '::1' ? await alsoOnIpv6Loopback(http, port) : null
    if (ipv6 === 'taken') logger.warn(`another program has [::1]:${port}; where localhost leads there, use 127.0.0.1`)
    closing.push(() => closeHttp(http, ipv6 === null || ipv6 === 'taken' ? [] : [ipv6]))
    let handle: (request: IncomingMessage, response: ServerResponse) => void = starting
    const isForUs = createHostGuard({ listenHost: settings.host, publicUrl: settings.publicUrl })
    http.on('request', (request, response) => {
      if (isForUs(request.headers.host)) handle(request, response)
      else answerMisdirected(request, response)
    })

    const url = settings.publicUrl ?? `http://localhost:${port}`
    const devIssuer = await startIssuer(settings, url)
    if (devIssuer !== null) closing.push(() => devIssuer.close())
    const focus = await createFocus(focusOptions(settings, { config, url, port, adminKey, devIssuer, env, logger }))
    closing.push(() => closeFocus(focus))

    takeUpgrades(http, focus, isForUs)
    const routes = nodeHandler(focus)
    const page = pageHandler(focus, { url, issuer: devIssuer?.issuer ?? null, signIn: settings.oauthEnabled })
    const ops = opsHandler(focus.basePath)
    handle = (request, response) => {
      if (!routes(request, response) && !ops(request, response)) page(request, response)
    }
    // Other commands on this machine go straight to the port, whatever is in front of the public URL.
    await announceServer(dataFolder, { url: `http://localhost:${port}`, adminKey, pid: process.pid })
    closing.push(() => withdrawServer(dataFolder, process.pid))
    return {
      url,
      adminKey,
      issuer: settings.oauthEnabled ? (devIssuer?.issuer ?? 'https://accounts.google.com') : null,
      devIssuer: devIssuer !== null,
      database: describeDatabase(settings.database),
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

async function startIssuer(settings: DevSettings, url: string): Promise<DevIssuer | null> {
  if (settings.google !== null || !settings.oauthEnabled) return null
  return startDevIssuer({ redirectUris: [url + CALLBACK], dataDir: settings.dataFolder })
}

function focusOptions(
  settings: DevSettings,
  started: {
    readonly config: FocusConfig
    readonly url: string
    readonly port: number
    readonly adminKey: string
    readonly devIssuer: DevIssuer | null
    readonly env: Environment
    readonly logger: Logger
  },
): FocusOptions {
  const { devIssuer, url } = started
  return {
    ...focusOptionsOf(started.config, started.env),
    env: started.env,
    logger: started.logger,
    database: settings.database,
    ...(settings.secret === undefined ? {} : { secret: settings.secret }),
    // One from the environment is read by Focus itself, whose refusals then name the variable.
    ...(settings.adminKey === undefined ? { adminKey: started.adminKey } : {}),
    port: started.port,
    // Whoever develops is one client, and often a busy one.
    rateLimits: { exemptLoopback: true },
    // On loopback the guide's `curl …/api/ws/stats` works as it is written.
    ...(settings.loopbackOnly && !settings.statsSet ? { stats: 'public' as const } : {}),
    ...(devIssuer === null
      ? {}
      : {
          google: {
            clientId: devIssuer.clientId,
            clientSecret: devIssuer.clientSecret,
            issuer: devIssuer.issuer,
            redirectUri: url + CALLBACK,
          },
        }),
  }
}

/** Not the adapters' `attachUpgrade`: of several listeners none can keep an upgrade from the others. */
function takeUpgrades(http: Server, focus: Focus, isForUs: HostGuard): void {
  http.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    if (!isForUs(request.headers.host)) return refuseMisdirected(request, socket)
    if (focus.upgrade(request, socket, head)) return
    refuseUpgrade(socket, new FocusError('not_found', 'No WebSocket is at this address.'))
  })
}

/** Between listening and being ready; the port has to be known before the issuer can name the redirect URI. */
function starting(_request: IncomingMessage, response: ServerResponse): void {
  response.writeHead(503, { 'retry-after': '1', 'content-type': 'text/plain' }).end('starting\n')
}

async function closeFocus(focus: Focus): Promise<void> {
  await focus.drain({ windowMs: 0 })
  await focus.close()
}
