import { CommandFailure } from '../failure.ts'

/** Exit codes of `focus init`, in one place because scripts branch on them. */
export const exitCodes = { done: 0, failed: 1, badInput: 2, drift: 3, conflict: 4 } as const

/** One of {@link exitCodes}. */
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes]

/**
 * Why `focus init` cannot go on: what is in the way, and what to do about it. Bad input (exit 2) unless said otherwise.
 * Thrown before the first write, so the repository is as it was.
 */
export class InitProblem extends CommandFailure {
  constructor(code: string, message: string, options: { hint: string; exitCode?: ExitCode; cause?: unknown }) {
    super(code, message, { ...options, exitCode: options.exitCode ?? exitCodes.badInput })
  }
}
