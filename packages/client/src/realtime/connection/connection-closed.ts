import { FocusClientError } from '../../errors.ts'
import type { ConnectionState } from './connection-machine.ts'

/** The end of a connection, as the error of who waited for it. */
export function connectionClosed({ reason }: Extract<ConnectionState, { status: 'closed' }>): FocusClientError {
  const why = reason.reason || 'no reason given'
  return new FocusClientError('connection_closed', `The connection has ended: ${why}`, {
    status: reason.code,
  })
}
