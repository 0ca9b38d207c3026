import { z } from 'zod'
import { FocusError } from '../../common/errors.ts'
import type { RealtimeHub } from '../../realtime/realtime-hub.ts'
import type { ConnectionInfo, RealtimeStats } from '../../realtime/ports.ts'
import { readJsonObject } from '../request/body.ts'
import { eventStreamRoute } from './event-stream-route.ts'
import { queryValue } from '../request/query.ts'
import { json, noContent } from '../responses.ts'
import type { Route } from '../route.ts'
import { isoTimestamp } from '../../wire/iso-timestamp.ts'

const ticketRequest = z.object({ use: z.enum(['websocket', 'stream']).optional() })

/** Statistics, tickets, and an operator's view of the connections. */
export function realtimeRoutes(realtime: RealtimeHub): Route[] {
  return [
    eventStreamRoute(realtime),
    {
      method: 'GET',
      path: '/ws/stats',
      ...(realtime.config.stats === 'public' ? { limit: 'public' as const } : {}),
      access: realtime.config.stats === 'public' ? 'public' : 'admin',
      handle: async () => json(statsJson(await realtime.stats())),
    },
    {
      method: 'POST',
      path: '/ws/ticket',
      limit: 'ticket',
      access: 'bearer',
      async handle({ request, principal }) {
        if (!principal) throw new FocusError('unauthenticated', 'A ticket needs an access token.')
        const parsed = ticketRequest.safeParse(await readJsonObject(request))
        if (!parsed.success) {
          throw new FocusError('invalid_request', 'use: expected "websocket" or "stream".', {
            hint: 'Omit the field for a WebSocket ticket.',
          })
        }
        const { ticket, expiresInSeconds } = await realtime.tickets.issue(principal, parsed.data.use ?? 'websocket')
        return json({ ticket, expires_in: expiresInSeconds })
      },
    },
    {
      method: 'GET',
      path: '/ws/connections',
      access: 'admin',
      async handle({ url }) {
        const userId = queryValue(url, 'user_id', 191)
        const text = queryValue(url, 'limit', 16)
        const list = await realtime.connectionList({
          ...(userId === null ? {} : { userId }),
          ...(text === null ? {} : { limit: /^\d+$/.test(text) ? Number(text) : Number.NaN }),
        })
        return json({
          connections: list.connections.map(connectionJson),
          total: list.total,
          truncated: list.truncated,
          missing_nodes: list.missingNodes,
        })
      },
    },
    {
      method: 'DELETE',
      path: '/ws/connections/:id',
      access: 'admin',
      async handle({ params }) {
        if (await realtime.close(params.id ?? '')) return noContent()
        throw new FocusError('unknown_connection', 'There is no connection with this id.', {
          hint: 'GET /ws/connections lists the connections.',
        })
      },
    },
  ]
}

function statsJson(stats: RealtimeStats) {
  return {
    websocket_enabled: stats.websocketEnabled,
    active_users: stats.activeUsers,
    active_connections: stats.activeConnections,
    connected_user_ids: stats.connectedUserIds,
    nodes: stats.nodes,
    rates: stats.rates,
  }
}

function connectionJson(connection: ConnectionInfo) {
  return {
    id: connection.id,
    user_id: connection.userId,
    node: connection.node,
    since: isoTimestamp(connection.since),
    transport: connection.transport,
    offset: connection.offset,
    lag: connection.lag,
    acknowledged: connection.acknowledged,
  }
}
