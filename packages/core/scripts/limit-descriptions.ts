import type { RealtimeLimits } from '../src/realtime/realtime-limits.ts'

/** What each limit bounds, for people; `PROTOCOL.md` shows them with their defaults. */
export const limitDescriptions: Readonly<Record<keyof RealtimeLimits, string>> = {
  maxMessageBytes: 'Largest message of a client; a larger one closes with 1009.',
  actionsPerMinute:
    'Messages and pings of one connection per minute: an `error` with `retry_after`, and 4013 when it goes on.',
  malformedMessages: 'Malformed messages in a row; one more closes with 4501.',
  connectionsPerUser: 'Connections of one user on one node; one more closes with 4504.',
  connectionsPerNode:
    'Connections of one node, at most four fifths of the files that the process may open; one more is refused with HTTP 503.',
  authTimeoutMs: 'Time for a first message with a token; then 4502.',
  upgradesPerMinute:
    'New connections of one client address; one more is refused with HTTP 429. A value of your own also counts for loopback.',
  connectionsPerAddress:
    'Connections of one client address on one node; one more is refused with HTTP 429. A value of your own also counts for loopback.',
  unauthenticatedPerNode:
    'Connections of one node that have sent no token yet, a tenth of them for one address; one more without credentials is refused with HTTP 503.',
  topicsPerConnection: 'Topics that one connection may name.',
  replayRows: 'Notifications that a resume brings; when more were missed, a `gap` with `too_far`.',
  lagBytes: 'Unsent bytes above which a connection gets nothing more until they are gone.',
  lagTimeoutMs: 'How long a connection may lag; then 4008.',
  pingIntervalMs: 'Interval of WebSocket pings.',
  pongTimeoutMs: 'How long nothing may come back after a ping; then 4012.',
  healIntervalMs: 'Each local user’s stream is compared with the log once per interval.',
  healIntervalBrokerAwayMs: 'The same while the broker is away.',
  expiryNoticeMs: 'How long before the end of its token a client gets `auth_expiring`.',
  ticketTtlMs: 'Life of a ticket for the WebSocket.',
  streamTicketTtlMs: 'Life of a ticket for the event stream, and of the streams that it opens.',
  closeTimeoutMs: 'Time for a closing handshake; then the socket is destroyed.',
  lingerMs: 'How long a node listens for a user after the last connection closed.',
}
