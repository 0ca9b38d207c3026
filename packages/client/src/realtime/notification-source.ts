import type { ListenOptions } from '../emitter.ts'
import type { NotificationEvents } from './events.ts'
import type { InboxPage, InboxQuery } from './inbox/inbox.ts'
import type { Position } from './position.ts'

/** The parts of a user's notifications that lists and queues read. */
export interface NotificationSource {
  /** Position up to which notifications were seen; null before the first connection. */
  readonly position: Position | null
  on<Name extends keyof NotificationEvents>(
    name: Name,
    listener: (value: NotificationEvents[Name]) => void,
    options?: ListenOptions,
  ): () => void
  inbox(query?: InboxQuery): Promise<InboxPage>
}
