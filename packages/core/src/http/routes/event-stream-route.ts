import { costs } from '../../admission/budgets.ts'
import { eventStreamResponse } from '../../realtime/entry/event-stream.ts'
import { filterOf, parseEventId, resumeOf } from '../../realtime/entry/stream-query.ts'
import type { RealtimeHub } from '../../realtime/realtime-hub.ts'
import type { Route } from '../route.ts'
import { requirePrincipal } from '../request/require-principal.ts'

/**
 * `GET /notifications/stream`: Server-Sent Events from the hub. Accepts the `Authorization` header, a ticket for the stream, or
 * `?token=`. `Last-Event-ID`, or `epoch`, `offset` and `all_offset`, is the position to resume from.
 */
export function eventStreamRoute(realtime: RealtimeHub): Route {
  return {
    method: 'GET',
    path: '/notifications/stream',
    access: 'public',
    credentials: 'stream',
    cost: costs.connection,
    async handle({ request, url, client, principal }) {
      if (request.method === 'HEAD') return eventStreamResponse(null)
      return realtime.openEventStream(requirePrincipal(principal), {
        resume: parseEventId(request.headers.get('last-event-id')) ?? resumeOf(url.searchParams),
        filter: filterOf(url.searchParams, realtime.limits.topicsPerConnection),
        client,
      })
    },
  }
}
