import { PermanentDeliveryError, RetryableDeliveryError } from './errors.ts'
import type { LeasedDelivery } from './outbox.ts'
import type { OutboundMessage, Transport } from './transport.ts'

/** What became of one attempt. */
export type AttemptOutcome =
  | { readonly kind: 'arrived' }
  | { readonly kind: 'never'; readonly reason: string; readonly disable: boolean }
  | {
      readonly kind: 'retry'
      readonly reason: string
      readonly retryAfterMs: number | null
      readonly pause: boolean
      readonly delivered: readonly string[]
      /** Whether it was cut short from here, by its time or by the shutdown. */
      readonly aborted?: boolean
    }

/** A transport that ignores its signal is waited for this long, and then left alone. */
const deafnessMs = 500

/**
 * Tries once. Never rejects and never lasts much longer than `timeoutMs`, whatever the transport does.
 */
export async function attemptDelivery(
  transport: Transport,
  message: OutboundMessage,
  { attempts, delivered, payload }: LeasedDelivery,
  abort: AbortController,
  timeoutMs: number,
): Promise<AttemptOutcome> {
  const overtime = setTimeout(() => abort.abort(new Error(`No answer within ${timeoutMs} ms.`)), timeoutMs)
  let deaf: NodeJS.Timeout | undefined
  const abandoned = new Promise<never>((_, reject) => {
    abort.signal.addEventListener('abort', () => {
      deaf = setTimeout(() => reject(abort.signal.reason as Error), deafnessMs)
    })
  })
  try {
    // An async function, so that a transport that throws at once is one that rejects.
    const run = async () =>
      transport.deliver(message, {
        signal: abort.signal,
        attempt: attempts,
        idempotencyKey: `${payload.id}:${payload.offset}`,
        delivered: new Set(delivered),
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
    return { kind: 'never', reason: error.message, disable: error.disable }
  }
  const known = error instanceof RetryableDeliveryError ? error : null
  return {
    kind: 'retry',
    reason: signal.aborted ? describe(signal.reason) : describe(error),
    retryAfterMs: known?.retryAfterMs ?? null,
    pause: known?.pause ?? false,
    delivered: known?.delivered ?? [],
    aborted: signal.aborted,
  }
}

/** `fetch` says only "fetch failed" and keeps what happened in the cause. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const code = 'code' in error && typeof error.code === 'string' ? error.code : null
  const own = error.message || code || error.name
  return error instanceof RetryableDeliveryError || error.cause === undefined ? own : `${own}: ${describe(error.cause)}`
}
