import type { Principal, TokenVerifier } from '../auth/types.ts'
import { FocusError } from '../errors.ts'
import { eventStreamResponse, parseEventId } from '../realtime/event-stream.ts'
import { filterOf, resumeOf } from '../realtime/handshake.ts'
import type { RealtimeHub } from '../realtime/realtime.ts'
import type { Route } from './route.ts'

/**
 * `GET /notifications/stream`: Server-Sent Events on the same hub, authenticated by header, by a ticket that was made for
 * it, or by `?token=`. `Last-Event-ID` (or `epoch`, `offset` and `all_offset`) says where to go on.
 */
export function eventStreamRoute(realtime: RealtimeHub, verifier: TokenVerifier): Route {
  return {
    method: 'GET',
    path: '/notifications/stream',
    access: 'public',
    async handle({ request, url, clientAddress }) {
      const principal = await authenticate(request, url, realtime, verifier)
      if (request.method === 'HEAD') return eventStreamResponse(null)
      return realtime.openEventStream(principal, {
        resume: parseEventId(request.headers.get('last-event-id')) ?? resumeOf(url.searchParams),
        filter: filterOf(url.searchParams, realtime.limits.topicsPerConnection),
        clientAddress,
      })
    },
  }
}

async function authenticate(
  request: Request,
  url: URL,
  realtime: RealtimeHub,
  verifier: TokenVerifier,
): Promise<Principal> {
  const authorization = request.headers.get('authorization')
  const ticket = url.searchParams.get('ticket')
  const bearer = /^Bearer +(\S+) *$/i.exec(authorization ?? '')?.[1]
  if (bearer !== undefined) return verifier.verify(bearer)
  if (authorization === null && ticket !== null) return realtime.tickets.peek(ticket)
  const token = authorization === null ? url.searchParams.get('token') : null
  if (token !== null) return verifier.verify(token)
  throw new FocusError('unauthenticated', 'The event stream needs an access token or a ticket.', {
    hint: 'Send Authorization: Bearer <access token>, or POST /ws/ticket with {"use":"stream"} and add ?ticket=<ticket>.',
  })
}
