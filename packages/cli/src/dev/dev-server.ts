import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { nodeHandler } from '@focus-api/adapters/node'
import { createFocus, type Focus, FocusError, type FocusOptions, type Logger } from '@focus-api/core'
import { refuseUpgrade } from '@focus-api/core/internal'
import type { FocusConfig } from '../config/config-file.ts'
import { focusOptionsOf } from '../config/focus-options.ts'
import type { Environment } from '../terminal/context.ts'
import { announceServer, withdrawServer } from '../config/data-folder.ts'
import { startPreparableIssuer, type PreparableIssuer } from '../dev-issuer/issuer.ts'
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
  /** Address for browsers, such as `http://localhost:8000`. */
  readonly url: string
  readonly adminKey: string
  /** Issuer of the sign-in; null when sign-in is disabled. */
  readonly issuer: string | null
  /** Whether the development issuer replaces Google. */
  readonly devIssuer: boolean
  /** Address of the database, without its password. */
  readonly database: string
  /** Stops everything in order: sockets, routes, database. Removes the announcement. */
  close(): Promise<void>
}

const CALLBACK = '/api/auth/google/callback'

/**
 * Starts the parts of `focus dev`: data folder, HTTP server, development issuer, Focus, page.
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
    if (ipv6 === 'taken') logger.warn(`another program uses [::1]:${port}: if localhost resolves to it, use 127.0.0.1`)
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
    const page = pageHandler(focus, {
      url,
      issuer: devIssuer?.issuer ?? null,
      signIn: settings.oauthEnabled,
      visited: () => prepareSoon(devIssuer),
    })
    const ops = opsHandler(focus.basePath)
    handle = (request, response) => {
      if (!routes(request, response) && !ops(request, response)) page(request, response)
    }
    // Other commands on this machine connect directly to the port, not through the public URL.
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

/** Loads the provider once the page is drawn, before its user signs in. Loading keeps the server busy for a moment. */
function prepareSoon(devIssuer: PreparableIssuer | null): void {
  // A provider that cannot be loaded answers the sign-in with an error.
  setTimeout(() => void devIssuer?.prepare().catch(() => undefined), 1_000).unref()
}

async function startIssuer(settings: DevSettings, url: string): Promise<PreparableIssuer | null> {
  if (settings.google !== null || !settings.oauthEnabled) return null
  return startPreparableIssuer({ redirectUris: [url + CALLBACK], dataDir: settings.dataFolder })
}

function focusOptions(
  settings: DevSettings,
  started: {
    readonly config: FocusConfig
    readonly url: string
    readonly port: number
    readonly adminKey: string
    readonly devIssuer: PreparableIssuer | null
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
    // Focus itself reads values from the environment, so that its errors name the variable.
    ...(settings.adminKey === undefined ? { adminKey: started.adminKey } : {}),
    port: started.port,
    // A developer is one client, often a busy one.
    rateLimits: { exemptLoopback: true },
    // On loopback, the guide's `curl …/api/ws/stats` works without a key.
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

/**
 * Handles upgrades directly instead of with `attachUpgrade` of the adapters: with several listeners, none could keep an
 * upgrade from the others.
 */
function takeUpgrades(http: Server, focus: Focus, isForUs: HostGuard): void {
  http.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    if (!isForUs(request.headers.host)) return refuseMisdirected(request, socket)
    if (focus.upgrade(request, socket, head)) return
    refuseUpgrade(socket, new FocusError('not_found', 'No WebSocket exists at this address.'))
  })
}

/** Answers requests between listening and ready: the port must be known before the issuer can name the redirect URI. */
function starting(_request: IncomingMessage, response: ServerResponse): void {
  response.writeHead(503, { 'retry-after': '1', 'content-type': 'text/plain' }).end('starting\n')
}

async function closeFocus(focus: Focus): Promise<void> {
  await focus.drain({ windowMs: 0 })
  await focus.close()
}
