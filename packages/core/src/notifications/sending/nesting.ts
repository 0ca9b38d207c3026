/**
 * Whether lists and plain objects lie in each other more than `limit` deep; a circle does. Asked before anything that
 * descends by calling itself, and would run out of stack; this does not.
 */
export function isNestedDeeperThan(limit: number, value: unknown): boolean {
  let level = containersOf([value])
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth === limit) return true
    const below = containersOf(level.flatMap((container) => Object.values(container)))
    // What is reached in several ways is looked at once on each level.
    level = [...new Set(below)]
  }
  return false
}

function containersOf(values: readonly unknown[]): object[] {
  return values.filter((value) => Array.isArray(value) || isPlainObject(value))
}

/** What a class makes, such as a `Date`, is one value, whatever it is made of. */
function isPlainObject(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}
