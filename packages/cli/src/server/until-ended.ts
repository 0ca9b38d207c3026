import { once } from 'node:events'
import { ExitCode, Interruption } from '../terminal/failure.ts'

/** Waits for the signal that ends a server. */
export async function untilEnded(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, 'abort')
}

/** SIGTERM is how a supervisor ends a server well: 0. Ctrl-C is an interruption, as of any other command: 130. */
export function exitCodeOf(signal: AbortSignal): number {
  return signal.reason instanceof Interruption && signal.reason.signal === 'SIGINT'
    ? ExitCode.interrupted
    : ExitCode.done
}
