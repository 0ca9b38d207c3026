import { once } from 'node:events'
import { ExitCode, Interruption } from '../terminal/failure.ts'

/** Waits for the signal that ends a server. */
export async function untilEnded(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, 'abort')
}

/**
 * Returns the exit code of a server: 0 after SIGTERM, which supervisors send, and 130 after Ctrl-C, like any other
 * command.
 */
export function exitCodeOf(signal: AbortSignal): number {
  return signal.reason instanceof Interruption && signal.reason.signal === 'SIGINT'
    ? ExitCode.interrupted
    : ExitCode.done
}
