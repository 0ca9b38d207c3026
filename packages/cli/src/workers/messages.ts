import type { CommandFailure } from '../terminal/failure.ts'

/** The metrics of one worker. */
export interface WorkerMetrics {
  /** Its number, from 1; a worker that is started again keeps it. */
  readonly worker: number
  /** How many times it was started again. */
  readonly restarts: number
  /** In the text format of Prometheus; null when the worker did not answer. */
  readonly body: string | null
}

/** The reason for a failed start, as it is printed. */
export type StartFailure = Pick<CommandFailure, 'code' | 'message' | 'hint' | 'exitCode'>

/** What a worker sends to the primary process. */
export type FromWorker =
  | { readonly type: 'focus:ready' }
  | { readonly type: 'focus:failed'; readonly failure: StartFailure }
  /** Asks for the metrics of all workers. `body`: its own. */
  | { readonly type: 'focus:collect'; readonly ref: number; readonly body: string }
  | { readonly type: 'focus:rendered'; readonly ref: number; readonly body: string | null }
  /** Answers a ping. */
  | { readonly type: 'focus:alive' }

/** What the primary process sends to a worker. */
export type FromPrimary =
  | { readonly type: 'focus:ping' }
  | { readonly type: 'focus:render'; readonly ref: number }
  | { readonly type: 'focus:collected'; readonly ref: number; readonly metrics: readonly WorkerMetrics[] }

/** Returns whether the primary process of Focus sent a message: the configuration of the application may send others. */
export function isFromPrimary(message: unknown): message is FromPrimary {
  return isOurs(message)
}

export function isFromWorker(message: unknown): message is FromWorker {
  return isOurs(message)
}

function isOurs(message: unknown): boolean {
  const type: unknown = typeof message === 'object' && message !== null ? Reflect.get(message, 'type') : undefined
  return typeof type === 'string' && type.startsWith('focus:')
}
