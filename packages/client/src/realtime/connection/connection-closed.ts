import { FocusClientError } from '../../errors.ts'
import type { ConnectionState } from './connection-machine.ts'

/** Returns the error for callers that wait for a connection that has ended. */
export function connectionClosed({ reason }: Extract<ConnectionState, { status: 'closed' }>): FocusClientError {
  const explanation = reason.reason || 'no reason given'
  return new FocusClientError('connection_closed', `The connection has ended: ${explanation}`, {
    status: reason.code,
  })
}
