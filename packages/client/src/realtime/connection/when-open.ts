import type { Emitter, ListenOptions } from '../../emitter.ts'
import { connectionClosed } from './connection-closed.ts'
import type { ConnectionState } from './connection-machine.ts'

/** Resolves with the first `open`, rejects with the first `closed`, or with the signal's reason. */
export function whenOpen(
  current: ConnectionState,
  changes: Emitter<ConnectionState>,
  { signal }: ListenOptions,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const listening = new AbortController()
    const end = (settle: () => void) => {
      listening.abort()
      settle()
    }
    const look = (state: ConnectionState) => {
      if (state.status === 'open') end(resolve)
      if (state.status === 'closed') end(() => reject(connectionClosed(state)))
    }
    const abort = () => end(() => reject(signal?.reason))
    changes.add(look, { signal: listening.signal })
    signal?.addEventListener('abort', abort, { signal: listening.signal })
    look(current)
    if (signal?.aborted) abort()
  })
}
