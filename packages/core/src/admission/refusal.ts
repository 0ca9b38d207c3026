import { FocusError } from '../common/errors.ts'

const wait = 'Wait for Retry-After seconds.'

/** Reasons for a refusal, with the error that the caller receives. */
export const refusalReasons = {
  address: { code: 'rate_limited', message: 'Too many requests from this address.', hint: wait },
  process: { code: 'overloaded', message: 'The server receives too many of these requests.', hint: wait },
  user: { code: 'rate_limited', message: 'Too many requests of this user.', hint: wait },
  credentials: {
    code: 'rate_limited',
    message: 'Too many invalid tokens came from this address.',
    hint: 'Sign in again, then wait for Retry-After seconds.',
  },
  admin_key: {
    code: 'rate_limited',
    message: 'Too many wrong admin keys came from this address.',
    hint: 'Compare FOCUS_ADMIN_KEY here and on the server, then wait for Retry-After seconds.',
  },
  connections: {
    code: 'rate_limited',
    message: 'This address has the maximum number of connections.',
    hint: 'Close some, or raise the limit connectionsPerAddress.',
  },
} as const

export type RefusalReason = keyof typeof refusalReasons

/** A refusal of admission: its reason, and the time to wait. */
export interface Refusal {
  readonly reason: RefusalReason
  readonly retryAfterSeconds: number
}

export function refuse(reason: RefusalReason, waitMs: number): Refusal {
  return { reason, retryAfterSeconds: Math.max(1, Math.ceil(waitMs / 1_000)) }
}

/** Returns a refusal as an error. */
export function refusalError({ reason, retryAfterSeconds }: Refusal): FocusError {
  const { code, message, hint } = refusalReasons[reason]
  return new FocusError(code, message, { hint, retryAfterSeconds })
}
