import { FocusError } from '../../common/errors.ts'
import { withTimeout } from '../../common/async/with-timeout.ts'
import { classify, codeIn } from './failures.ts'

/** How long somebody may wait for the database before they are told that it does not answer. */
const timeoutMs = 10_000

interface Exceptions<Store> {
  /** Methods that run a caller's own work, whose errors and whose time are the caller's. */
  readonly asTheyAre?: readonly (keyof Store)[]
  /** Methods that nobody waits for, or that have a bound of their own. */
  readonly unbounded?: readonly (keyof Store)[]
}

/**
 * A store whose calls fail with `storage_unavailable` while the database is away, hangs, is held by others or takes no writes,
 * instead of with what its driver says or not at all: routes then answer 503, and callers have a code to act on. Every other
 * error passes as it is.
 */
export function sayingUnavailable<Store extends object>(
  store: Store,
  { asTheyAre = [], unbounded = [] }: Exceptions<Store> = {},
): Store {
  const untouched = new Set<PropertyKey>(asTheyAre)
  const patient = new Set<PropertyKey>(unbounded)
  const methods = new Map<PropertyKey, unknown>()
  return new Proxy(store, {
    get(target, name) {
      const known = methods.get(name)
      if (known !== undefined) return known
      // Not on the proxy, which has no private fields.
      const value: unknown = Reflect.get(target, name, target)
      if (typeof value !== 'function') return value
      const method = (...args: unknown[]): unknown => {
        const result: unknown = Reflect.apply(value, target, args)
        if (!(result instanceof Promise) || untouched.has(name)) return result
        const answer = patient.has(name) ? result : withTimeout(result, timeoutMs, tooSlow)
        return answer.catch((error: unknown) => Promise.reject(explained(error)))
      }
      methods.set(name, method)
      return method
    },
  })
}

function tooSlow(): FocusError {
  return new FocusError(
    'storage_unavailable',
    'The database did not answer in time; what was asked may still be done.',
    {
      hint: 'Check the database, its disk, and who holds locks.',
      retryAfterSeconds: 5,
    },
  )
}

const reasons = {
  connection: { message: 'The database does not answer', hint: 'Try again in a moment; `focus doctor` checks it.' },
  contention: {
    message: 'The database is held by others',
    hint: 'Try again in a moment; look for who keeps a transaction open if it stays.',
  },
  unwritable: {
    message: 'The database cannot write',
    hint: 'Check the room on its disk, the rights of its files, and the disk itself.',
  },
} as const

function explained(error: unknown): unknown {
  if (error instanceof FocusError) return error
  // Kysely's own words; it has no class or code for it.
  if (error instanceof Error && error.message === 'driver has already been destroyed') {
    return new FocusError('closed', 'The database is closed.', { cause: error })
  }
  const failure = classify(error)
  if (failure === 'statement') return error
  const { message, hint } = reasons[failure]
  return new FocusError('storage_unavailable', `${message}${codeIn(error)}.`, {
    hint,
    retryAfterSeconds: 5,
    cause: error,
  })
}
