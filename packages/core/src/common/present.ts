/**
 * Returns the members that have a value, for objects whose members are absent instead of null or undefined.
 *
 * @example
 * ```ts
 * present({ clock: null, fetch }) // { fetch }
 * ```
 */
export function present<T extends object>(members: T): { [Name in keyof T]?: NonNullable<T[Name]> } {
  const given = Object.entries(members).filter(([, value]) => value !== null && value !== undefined)
  return Object.fromEntries(given) as { [Name in keyof T]?: NonNullable<T[Name]> }
}
