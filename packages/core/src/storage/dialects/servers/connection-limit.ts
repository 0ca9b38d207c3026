import { FocusError } from '../../../common/errors.ts'
import { defaultConnections } from './connection-gate.ts'

/**
 * Reads `?connectionLimit=20` of a `DATABASE_URL`.
 *
 * @throws FocusError `invalid_option`
 */
export function connectionsOf(parameters: URLSearchParams): number {
  const given = parameters.get('connectionLimit')
  if (given === null) return defaultConnections
  const count = Number(given)
  if (Number.isInteger(count) && count >= 2 && count <= 1_000) return count
  throw new FocusError('invalid_option', 'DATABASE_URL: connectionLimit must be a whole number from 2 to 1000.', {
    hint: 'Correct connectionLimit, or remove it: the default is 10.',
  })
}
