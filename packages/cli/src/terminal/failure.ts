/** Exit codes of the command line. */
export const ExitCode = { done: 0, failed: 1, usage: 2, interrupted: 130 } as const

/**
 * A command has failed: one sentence that names the problem, and a hint that names one action. `code` is stable and
 * meant for programs (`--json`).
 */
export class CommandFailure extends Error {
  override readonly name = 'CommandFailure'
  readonly code: string
  readonly hint: string | undefined
  readonly exitCode: number

  constructor(code: string, message: string, options: { hint?: string; exitCode?: number; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.hint = options.hint
    this.exitCode = options.exitCode ?? ExitCode.failed
  }
}

/** Creates the failure for wrong usage: exit 2. */
export function usageFailure(message: string, hint?: string): CommandFailure {
  return new CommandFailure('usage', message, { exitCode: ExitCode.usage, ...(hint === undefined ? {} : { hint }) })
}

/** Converts any thrown value to a failure; errors of Focus keep their code and hint. */
export function toFailure(error: unknown): CommandFailure {
  if (error instanceof CommandFailure) return error
  if (error instanceof Error) {
    const { code, hint } = error as { code?: unknown; hint?: unknown }
    return new CommandFailure(
      error.name === 'FocusError' && typeof code === 'string' ? code : 'internal',
      error.message,
      {
        cause: error,
        ...(typeof hint === 'string' ? { hint } : {}),
      },
    )
  }
  return new CommandFailure('internal', String(error))
}

/** The reason that the signal of an interrupted command is aborted with. */
export class Interruption extends CommandFailure {
  readonly signal: 'SIGINT' | 'SIGTERM'

  constructor(signal: 'SIGINT' | 'SIGTERM') {
    super('interrupted', 'Interrupted.', { exitCode: ExitCode.interrupted })
    this.signal = signal
  }
}
