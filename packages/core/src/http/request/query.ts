import { FocusError } from '../../common/errors.ts'

/**
 * Returns the value of a query parameter; null if it is absent. Repeated and overlong parameters are refused, because two
 * readers of such a query could see two different requests (S11).
 *
 * @throws FocusError `invalid_request`
 */
export function queryValue(url: URL, name: string, maxLength: number): string | null {
  const values = url.searchParams.getAll(name)
  const [value = null] = values
  if (values.length > 1) throw new FocusError('invalid_request', `The parameter ${name} is given more than once.`)
  if (value !== null && value.length > maxLength) {
    throw new FocusError('invalid_request', `The parameter ${name} is longer than ${maxLength} characters.`)
  }
  return value
}
