import { CommandFailure, ExitCode } from './failure.ts'
import type { Terminal } from './terminal.ts'

export interface OutputWatch {
  /** The command continues when the reader of stdout has gone. */
  readonly outliveReader: () => void
}

/**
 * Handles failures of stdout and stderr, which would otherwise end the process with a stack.
 *
 * @param readerGone called with the reason when the reader has read enough (`focus listen | head -1`)
 */
export function watchOutput(terminal: Terminal, readerGone: (reason: CommandFailure) => void): OutputWatch {
  let readerMatters = true
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (!readerMatters) return
    if (error.code === 'EPIPE') return readerGone(new CommandFailure('broken_pipe', '', { exitCode: ExitCode.done }))
    // The disk is full: the result is lost, and the command may already believe that it succeeded.
    process.exit(terminal.unwritable(error))
  })
  // Lost messages change neither the work nor its exit code.
  process.stderr.on('error', () => undefined)
  return {
    outliveReader: () => {
      readerMatters = false
    },
  }
}
