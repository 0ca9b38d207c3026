import {
  type FailureCategory,
  PermanentDeliveryError,
  RetryableDeliveryError,
  UncertainDeliveryError,
} from '../../transport-errors.ts'
import type { LeasedDelivery } from '../outbox-port.ts'
import type { OutboundMessage, Transport } from '../../transport.ts'

/** The result of one attempt. */
export type AttemptOutcome =
  | { readonly kind: 'delivered' }
  | {
      readonly kind: 'dead'
      readonly reason: string
      readonly disable: boolean
      readonly category: FailureCategory
    }
  | {
      readonly kind: 'retry'
      readonly reason: string
      readonly retryAfterMs: number | null
      readonly pause: boolean
      readonly delivered: readonly string[]
      readonly refused: readonly string[]
      readonly category: FailureCategory
      /** Whether this server ended the attempt, by its time-out or by the shutdown. */
      readonly aborted: boolean
    }

export interface AttemptTime {
  /** Aborts at the time-out or at the shutdown. */
  readonly abort: AbortController
  readonly timeoutMs: number
  /** Called when the attempt gets more time, with the milliseconds from now. */
  readonly prolonged: (ms: number) => void
}

/** How long a transport may take to react to its signal. After that the attempt ends without it. */
const abortGraceMs = 500
/** The most time that `prolong` gives at once. The longest time-out of RFC 5321 §4.5.3.2.6 is ten minutes. */
const maxProlongMs = 900_000

/** Attempts a delivery. Never rejects, and ends soon after its time-out even if the transport ignores its signal. */
export async function attemptDelivery(
  transport: Transport,
  message: OutboundMessage,
  { attempts, reached, payload }: LeasedDelivery,
  { abort, timeoutMs, prolonged }: AttemptTime,
): Promise<AttemptOutcome> {
  let allowedMs = timeoutMs
  const end = () => abort.abort(new Error(`No answer within ${allowedMs} ms.`))
  let timer = setTimeout(end, timeoutMs)
  let graceTimer: NodeJS.Timeout | undefined
  const abandoned = new Promise<never>((_, reject) => {
    abort.signal.addEventListener('abort', () => {
      graceTimer = setTimeout(() => reject(abort.signal.reason as Error), abortGraceMs)
    })
  })
  const prolong = (ms: number) => {
    if (abort.signal.aborted || !(ms > 0)) return
    allowedMs = Math.min(ms, maxProlongMs)
    clearTimeout(timer)
    timer = setTimeout(end, allowedMs)
    prolonged(allowedMs)
  }
  try {
    // Async, so that a transport that throws synchronously rejects.
    const run = async () =>
      transport.deliver(message, {
        signal: abort.signal,
        attempt: attempts,
        idempotencyKey: `${payload.id}:${payload.offset}`,
        delivered: new Set(reached.delivered),
        // After an operator retries a dead delivery, every address that does not have the message is tried again.
        refused: new Set(attempts === 1 ? [] : reached.refused),
        prolong,
      })
    await Promise.race([run(), abandoned])
    return { kind: 'delivered' }
  } catch (error) {
    return outcomeOf(error, abort.signal)
  } finally {
    clearTimeout(timer)
    clearTimeout(graceTimer)
  }
}

function outcomeOf(error: unknown, signal: AbortSignal): AttemptOutcome {
  if (error instanceof PermanentDeliveryError) {
    return { kind: 'dead', reason: error.message, disable: error.disable, category: error.category }
  }
  if (error instanceof UncertainDeliveryError) {
    return { kind: 'dead', reason: `Maybe sent: ${error.message}`, disable: false, category: 'uncertain' }
  }
  return retryOutcome(error, signal)
}

/** Returns the outcome for an error after which the delivery is tried again. */
export function retryOutcome(error: unknown, signal?: AbortSignal): AttemptOutcome {
  const known = error instanceof RetryableDeliveryError ? error : null
  const aborted = signal?.aborted ?? false
  return {
    kind: 'retry',
    reason: describe(aborted ? signal?.reason : error),
    retryAfterMs: known?.retryAfterMs ?? null,
    pause: known?.pause ?? false,
    delivered: known?.delivered ?? [],
    refused: known?.refused ?? [],
    category: aborted ? 'timeout' : (known?.category ?? categoryOf(error)),
    aborted,
  }
}

/** Returns the category of an error code of Node's sockets and resolvers. */
function categoryOf(error: unknown): FailureCategory {
  const code = error instanceof Error && 'code' in error ? error.code : null
  if (typeof code !== 'string') return error instanceof Error && error.cause ? categoryOf(error.cause) : 'other'
  if (/^(?:ENOTFOUND|ENODATA|EAI_\w+|ESERVFAIL|EREFUSED|EBADRESP|EBADNAME)$/.test(code)) return 'unresolved'
  if (/^(?:ETIMEDOUT|ETIMEOUT|UND_ERR_\w*TIMEOUT)$/.test(code)) return 'timeout'
  if (/^(?:ECONN\w+|EHOST\w+|ENET\w+|EPIPE|UND_ERR_SOCKET)$/.test(code)) return 'unreachable'
  return 'other'
}

/** Returns the message with the messages of its causes: `fetch` says only "fetch failed" and keeps the reason in the cause. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const code = 'code' in error && typeof error.code === 'string' ? error.code : null
  const own = error.message || code || error.name
  return error instanceof RetryableDeliveryError || error.cause === undefined ? own : `${own}: ${describe(error.cause)}`
}
