import type { RealtimeLimits } from '../src/realtime/realtime-limits.ts'

/** Descriptions of the limits; `PROTOCOL.md` shows them with their defaults. */
export const limitDescriptions: Readonly<Record<keyof RealtimeLimits, string>> = {
  maxMessageBytes: 'Largest message of a client; a larger one closes with 1009.',
  actionsPerMinute:
    'Messages and pings of one connection per minute. Further ones get an `error` with `retry_after`, and close with 4013 if the client continues.',
  malformedMessages: 'Malformed messages in a row; one more closes with 4501.',
  connectionsPerUser: 'Connections of one user on one node; one more closes with 4504.',
  connectionsPerNode:
    'Connections of one node, at most four fifths of the files that the process may open; one more is refused with HTTP 503.',
  authTimeoutMs: 'Time until a first message with a token must arrive; then 4502.',
  upgradesPerMinute:
    'New connections of one client address per minute; one more is refused with HTTP 429. A configured value also applies to loopback.',
  connectionsPerAddress:
    'Connections of one client address on one node; one more is refused with HTTP 429. A configured value also applies to loopback.',
  unauthenticatedPerNode:
    'Connections of one node that have not sent a token yet; one address may have a tenth of them. One more without credentials is refused with HTTP 503.',
  topicsPerConnection: 'Topics that one connection may name.',
  replayRows: 'Notifications that a resume replays; if more were missed, the client gets a `gap` with `too_far`.',
  lagBytes: 'Unsent bytes above which the server stops writing until the client has read them.',
  lagTimeoutMs: 'Time for a slow client to read the unsent bytes; then 4008.',
  pingIntervalMs: 'Interval of WebSocket pings.',
  pongTimeoutMs: 'Time for an answer to a ping; then 4012.',
  healIntervalMs: 'Interval in which each local user’s stream is compared with the log.',
  healIntervalBrokerAwayMs: 'The same while the broker is unavailable.',
  expiryNoticeMs: 'Time between `auth_expiring` and the expiry of the token.',
  ticketTtlMs: 'Lifetime of a ticket for the WebSocket.',
  streamTicketTtlMs: 'Lifetime of a ticket for the event stream, and of the streams that it opens.',
  closeTimeoutMs: 'Time for a closing handshake; then the socket is destroyed.',
  lingerMs: 'Time that a node stays subscribed to a user after the last connection closed.',
}
