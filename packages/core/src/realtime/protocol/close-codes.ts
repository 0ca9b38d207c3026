/**
 * The codes with which the hub closes a WebSocket. 4000 to 4499: connect again. 4500 to 4999: do not connect again until the cause is
 * fixed, by a new sign-in or a corrected program. The close frame carries the reason.
 */
export const closeCodes = {
  restart: { code: 1012, reason: 'restart', meaning: 'The node is shutting down; connect again.' },
  overloaded: {
    code: 1013,
    reason: 'overloaded',
    meaning: 'The node cannot serve the connection now; try again later.',
  },
  tokenExpired: { code: 4001, reason: 'token expired', meaning: 'Refresh the access token, then connect again.' },
  positionLost: {
    code: 4003,
    reason: 'position lost',
    meaning:
      'The log was restored to an earlier state or its epoch changed: discard the position, connect again, load the inbox.',
  },
  tooSlow: { code: 4008, reason: 'too slow', meaning: 'The client stopped reading; connect again and resume.' },
  noPong: {
    code: 4012,
    reason: 'no pong',
    meaning: 'The client did not answer WebSocket pings; connect again and resume.',
  },
  tooManyActions: {
    code: 4013,
    reason: 'too many actions',
    meaning: 'The client continued to send above its limit; connect again later.',
  },
  closedByOperator: {
    code: 4014,
    reason: 'closed by operator',
    meaning: 'An operator closed this one connection; connect again.',
  },
  invalidToken: {
    code: 4500,
    reason: 'invalid token',
    meaning: 'The token, ticket or header is not valid: sign in again.',
  },
  malformed: {
    code: 4501,
    reason: 'malformed messages',
    meaning: 'The client sent too many messages in a row that are not in the protocol.',
  },
  authTimeout: {
    code: 4502,
    reason: 'no authentication in time',
    meaning: 'No credentials came with the URL, the headers or a first message.',
  },
  sessionRevoked: {
    code: 4503,
    reason: 'session revoked',
    meaning: 'The session ended (logout, revocation, user disabled): sign in again.',
  },
  tooManyConnections: {
    code: 4504,
    reason: 'too many connections',
    meaning: 'The user has the maximum number of connections.',
  },
  badSubprotocol: { code: 4506, reason: 'bad subprotocol', meaning: 'Subprotocols were offered, but not focus.v1.' },
  forbidden: { code: 4507, reason: 'forbidden', meaning: 'The user may not use real-time notifications.' },
} as const satisfies Record<string, CloseCode>

export interface CloseCode {
  readonly code: number
  readonly reason: string
  readonly meaning: string
}

/** Codes of the WebSocket layer itself (RFC 6455 §7.4.1), for frames that break its rules. */
export const standardCloseCodes = [
  { code: 1002, meaning: 'A frame broke RFC 6455, such as one that was not masked.' },
  { code: 1007, meaning: 'A text message was not valid UTF-8.' },
  { code: 1009, meaning: 'A message was larger than `limits.max_message_bytes`.' },
] as const
