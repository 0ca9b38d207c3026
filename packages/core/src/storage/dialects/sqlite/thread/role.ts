import type { ThreadAnswer, ThreadFailure, ThreadRequest } from './thread-requests.ts'

/** What a thread does with its SQLite file. */
export interface ThreadRole {
  answer(request: ThreadRequest): Promise<ThreadAnswer> | ThreadAnswer
  close(): void
}

export function describeFailure(error: unknown): ThreadFailure {
  if (!(error instanceof Error)) return { message: String(error) }
  return { message: error.message, ...('code' in error ? { code: String(error.code) } : {}) }
}
