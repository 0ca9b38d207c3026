import { FocusError } from '../../common/errors.ts'
import { json } from '../responses.ts'
import type { Route } from '../route.ts'

export interface SystemRoutesDependencies {
  /** Rejects if the database does not answer or accepts no writes. Unlimited callers may ask, so it must cost next to nothing. */
  readonly checkStorage: () => Promise<void>
  readonly isDraining: () => boolean
  /** False while messages of other nodes may be lost; notifications arrive within a second then. */
  readonly isBrokerConnected: () => boolean
  /** In the text format of Prometheus. */
  readonly metrics: () => Promise<{ readonly contentType: string; readonly body: string }>
  readonly websocketEnabled: boolean
}

/** Liveness, readiness, metrics, and the answer to plain HTTP at the WebSocket's address. */
export function systemRoutes(dependencies: SystemRoutesDependencies): Route[] {
  return [
    { method: 'GET', path: '/health', access: 'public', handle: () => json({ status: 'ok' }) },
    {
      method: 'GET',
      path: '/ready',
      access: 'public',
      async handle() {
        if (dependencies.isDraining()) {
          throw new FocusError('draining', 'This node is shutting down.', { retryAfterSeconds: 5 })
        }
        await dependencies.checkStorage()
        // Not a reason to take the node away: it serves everything, a little later.
        return json(dependencies.isBrokerConnected() ? { status: 'ready' } : { status: 'degraded', broker: 'away' })
      },
    },
    {
      method: 'GET',
      path: '/metrics',
      access: 'admin',
      async handle() {
        const { contentType, body } = await dependencies.metrics()
        return new Response(body, { headers: { 'content-type': contentType, 'cache-control': 'no-store' } })
      },
    },
    {
      method: 'GET',
      path: '/ws/notifications',
      access: 'public',
      handle() {
        if (!dependencies.websocketEnabled) {
          throw new FocusError('websocket_disabled', 'The WebSocket is switched off on this server.', {
            hint: 'Set WEBSOCKET_ENABLED=True.',
          })
        }
        throw new FocusError('upgrade_required', 'This address answers WebSocket connections only.', {
          hint: 'If the client did request an upgrade, pass the server to the adapter (`{ server }`) and let the reverse proxy forward the Upgrade and Connection headers.',
        })
      },
    },
  ]
}
