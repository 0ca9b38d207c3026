import {
  type FailureCategory,
  PermanentDeliveryError,
  RetryableDeliveryError,
  UncertainDeliveryError,
} from '../../transport-errors.ts'
import type { LeasedDelivery } from '../outbox-port.ts'
import type { OutboundMessage, Transport } from '../../transport.ts'

/** What became of one attempt. */
export type AttemptOutcome =
  | { readonly kind: 'arrived' }
  | {
      readonly kind: 'never'
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
      /** Whether it was cut short from here, by its time or by the shutdown. */
      readonly aborted: boolean
    }

export interface AttemptTime {
  /** Ends the attempt: at its time-out, or at the shutdown. */
  readonly abort: AbortController
  readonly timeoutMs: number
  /** Told when the attempt gets more time: so many milliseconds from now. */
  readonly prolonged: (ms: number) => void
}

/** A transport that ignores its signal is waited for this long, and then left alone. */
const deafnessMs = 500
/** An attempt gets no more time than this at once. RFC 5321 §4.5.3.2.6 wants ten minutes for the longest. */
const maxProlongMs = 900_000

/** Tries once. Never rejects and never lasts much longer than its time, whatever the transport does. */
export async function attemptDelivery(
  transport: Transport,
  message: OutboundMessage,
  { attempts, reached, payload }: LeasedDelivery,
  { abort, timeoutMs, prolonged }: AttemptTime,
): Promise<AttemptOutcome> {
  let allowedMs = timeoutMs
  const end = () => abort.abort(new Error(`No answer within ${allowedMs} ms.`))
  let overtime = setTimeout(end, timeoutMs)
  let deaf: NodeJS.Timeout | undefined
  const abandoned = new Promise<never>((_, reject) => {
    abort.signal.addEventListener('abort', () => {
      deaf = setTimeout(() => reject(abort.signal.reason as Error), deafnessMs)
    })
  })
  const prolong = (ms: number) => {
    if (abort.signal.aborted || !(ms > 0)) return
    allowedMs = Math.min(ms, maxProlongMs)
    clearTimeout(overtime)
    overtime = setTimeout(end, allowedMs)
    prolonged(allowedMs)
  }
  try {
    // An async function, so that a transport that throws at once is one that rejects.
    const run = async () =>
      transport.deliver(message, {
        signal: abort.signal,
        attempt: attempts,
        idempotencyKey: `${payload.id}:${payload.offset}`,
        delivered: new Set(reached.delivered),
        // An operator who makes a dead delivery due again wants every address tried again that has not got it.
        refused: new Set(attempts === 1 ? [] : reached.refused),
        prolong,
      })
    await Promise.race([run(), abandoned])
    return { kind: 'arrived' }
  } catch (error) {
    return outcomeOf(error, abort.signal)
  } finally {
    clearTimeout(overtime)
    clearTimeout(deaf)
  }
}

function outcomeOf(error: unknown, signal: AbortSignal): AttemptOutcome {
  if (error instanceof PermanentDeliveryError) {
    return { kind: 'never', reason: error.message, disable: error.disable, category: error.category }
  }
  if (error instanceof UncertainDeliveryError) {
    return { kind: 'never', reason: `Maybe sent: ${error.message}`, disable: false, category: 'uncertain' }
  }
  return retryOutcome(error, signal)
}

/** An error that a delivery is tried again after. */
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

/** By the codes of Node's sockets and resolvers. */
function categoryOf(error: unknown): FailureCategory {
  const code = error instanceof Error && 'code' in error ? error.code : null
  if (typeof code !== 'string') return error instanceof Error && error.cause ? categoryOf(error.cause) : 'other'
  if (/^(?:ENOTFOUND|ENODATA|EAI_\w+|ESERVFAIL|EREFUSED|EBADRESP|EBADNAME)$/.test(code)) return 'unresolved'
  if (/^(?:ETIMEDOUT|ETIMEOUT|UND_ERR_\w*TIMEOUT)$/.test(code)) return 'timeout'
  if (/^(?:ECONN\w+|EHOST\w+|ENET\w+|EPIPE|UND_ERR_SOCKET)$/.test(code)) return 'unreachable'
  return 'other'
}

/** `fetch` says only "fetch failed" and keeps what happened in the cause. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const code = 'code' in error && typeof error.code === 'string' ? error.code : null
  const own = error.message || code || error.name
  return error instanceof RetryableDeliveryError || error.cause === undefined ? own : `${own}: ${describe(error.cause)}`
}
