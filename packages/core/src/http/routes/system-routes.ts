import { FocusError } from '../../common/errors.ts'
import { json } from '../responses.ts'
import type { Route } from '../route.ts'

export interface SystemRoutesDependencies {
  /** Rejects when the store does not answer or takes no writes. Anybody may ask as often as they like, so it must cost nothing. */
  readonly checkStorage: () => Promise<void>
  readonly isDraining: () => boolean
  /** In the text format of Prometheus. */
  readonly metrics: () => Promise<{ readonly contentType: string; readonly body: string }>
  readonly websocketEnabled: boolean
}

/** Liveness, readiness, and what plain HTTP gets at the WebSocket's address. */
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
        return json({ status: 'ready' })
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
          hint: 'If a client did ask for an upgrade, it was lost on the way: give the server to the adapter (`{ server }`), and let the reverse proxy pass the Upgrade and Connection headers on.',
        })
      },
    },
  ]
}
