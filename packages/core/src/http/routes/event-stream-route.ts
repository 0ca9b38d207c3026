import { costs } from '../../admission/budgets.ts'
import { eventStreamResponse, parseEventId } from '../../realtime/entry/event-stream.ts'
import { filterOf, resumeOf } from '../../realtime/entry/handshake.ts'
import type { RealtimeHub } from '../../realtime/realtime.ts'
import type { Route } from '../route.ts'
import { requirePrincipal } from '../request/require-principal.ts'

/**
 * `GET /notifications/stream`: Server-Sent Events on the same hub, authenticated by header, by a ticket that was made for
 * it, or by `?token=`. `Last-Event-ID` (or `epoch`, `offset` and `all_offset`) says where to go on.
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
