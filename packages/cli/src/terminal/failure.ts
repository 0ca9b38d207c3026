/** Exit codes of the command line: done, it failed, it was used wrongly, it was interrupted. */
export const ExitCode = { done: 0, failed: 1, usage: 2, interrupted: 130 } as const

/**
 * A command ends without having done its work: one sentence that says what happened, and a hint that says what to do.
 * `code` is stable and meant for programs (`--json`).
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

/** The command was called wrongly: exit 2. */
export function usageFailure(message: string, hint?: string): CommandFailure {
  return new CommandFailure('usage', message, { exitCode: ExitCode.usage, ...(hint === undefined ? {} : { hint }) })
}

/** Any thrown value as a failure; refusals of Focus itself keep their code and hint. */
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

/** What an interrupted command's signal is aborted with. */
export class Interruption extends CommandFailure {
  readonly signal: 'SIGINT' | 'SIGTERM'

  constructor(signal: 'SIGINT' | 'SIGTERM') {
    super('interrupted', 'Interrupted.', { exitCode: ExitCode.interrupted })
    this.signal = signal
  }
}
