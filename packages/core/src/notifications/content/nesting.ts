import { FocusError } from '../../common/errors.ts'
import { contentLimits } from './content-limits.ts'

/** @throws FocusError `invalid_notification` for a JSON value that is nested deeper than `data` may be */
export function refuseDeep(name: string, value: unknown): void {
  const { dataDepth } = contentLimits
  if (!isNestedDeeperThan(dataDepth, value)) return
  throw new FocusError('invalid_notification', `${name}: is nested more than ${dataDepth} levels deep.`, {
    hint: 'Send flatter data, or an id or a link and let the client load the rest.',
  })
}

/**
 * Returns whether lists and plain objects are nested more than `limit` deep; circular values are. It does not recurse, so
 * call it before code that does and could overflow the stack.
 */
export function isNestedDeeperThan(limit: number, value: unknown): boolean {
  let level = containersOf([value])
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth === limit) return true
    const below = containersOf(level.flatMap((container) => Object.values(container)))
    // A container that several others hold is visited once on each level.
    level = [...new Set(below)]
  }
  return false
}

function containersOf(values: readonly unknown[]): object[] {
  return values.filter((value) => Array.isArray(value) || isPlainObject(value))
}

/** Instances of a class, such as a `Date`, count as one value. */
function isPlainObject(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}
