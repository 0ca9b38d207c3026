import { ScaffoldError, type ScaffoldErrorKind } from '@focus-api/scaffold'
import { CommandFailure } from '../../terminal/failure.ts'

/** Exit codes of `focus init`. Scripts branch on them. */
export const initExitCodes = { done: 0, failed: 1, badInput: 2, drift: 3, conflict: 4 } as const

const exitCodeOfKind: Readonly<Record<ScaffoldErrorKind, number>> = {
  input: initExitCodes.badInput,
  failure: initExitCodes.failed,
}

/** Runs work of the scaffolder; its errors become command failures with the exit codes of `focus init`. */
export async function withInitExitCodes<T>(work: () => T | Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof ScaffoldError)) throw error
    const { code, message, hint, kind } = error
    throw new CommandFailure(code, message, { hint, exitCode: exitCodeOfKind[kind], cause: error })
  }
}

/** Creates the failure for a wrong option or a wrong environment of `focus init`: exit 2. */
export function badInput(code: string, message: string, hint: string): CommandFailure {
  return new CommandFailure(code, message, { hint, exitCode: initExitCodes.badInput })
}
