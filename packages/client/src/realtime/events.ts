import { Emitter, type ErrorSink } from '../emitter.ts'
import type { FocusClientError } from '../errors.ts'
import type { ServerMessage } from '../protocol.ts'
import type { ConnectionState } from './connection/connection-machine.ts'
import type { FocusNotification } from './notification.ts'

/** Events of `notifications.on()`, and the value that listeners receive. */
export interface NotificationEvents {
  /** A notification, once, in the order of its stream. A merged notification arrives again, with a higher `count`. */
  notification: FocusNotification
  /** The connection's state changed. */
  state: ConnectionState
  /** The number of unread notifications changed. */
  unread: number
  /** Notifications were read or deleted, here or on another page or device. */
  change: InboxChange
  /** Missed notifications will not arrive one by one. The inbox has those that still exist. */
  gap: Gap
  /** The server refused a message of this client. */
  error: FocusClientError
  /** Every message of the server, as sent. */
  message: ServerMessage
}

/** Notifications that were read or deleted in another tab or on another device. */
export interface InboxChange {
  readonly ids: readonly string[]
  readonly state: 'read' | 'deleted'
}

/** Notifications that were missed and cannot be sent again; the inbox may have them. */
export interface Gap {
  /** `retention`: deleted from the log. `too_far`: too many to send. `position_lost`: the log was restored or rewritten. */
  readonly reason: 'retention' | 'too_far' | 'position_lost'
}

export type Emitters = { readonly [Name in keyof NotificationEvents]: Emitter<NotificationEvents[Name]> }

export function createEmitters(onError: ErrorSink): Emitters {
  const emitter = <Value>() => new Emitter<Value>(onError)
  return {
    notification: emitter(),
    state: emitter(),
    unread: emitter(),
    change: emitter(),
    gap: emitter(),
    error: emitter(),
    message: emitter(),
  }
}
