import type { ThreadAnswer, ThreadFailure, ThreadRequest } from './thread-requests.ts'

/** The part of a thread that works on its SQLite file. */
export interface ThreadRole {
  answer(request: ThreadRequest): Promise<ThreadAnswer> | ThreadAnswer
  close(): void
}

/** Describes an error for the other thread. */
export function toFailure(error: unknown): ThreadFailure {
  if (!(error instanceof Error)) return { message: String(error) }
  return { message: error.message, ...('code' in error ? { code: String(error.code) } : {}) }
}

/** Restores an error of the other thread. */
export function fromFailure(failure: ThreadFailure): Error {
  return Object.assign(new Error(failure.message), failure)
}
