/** Returns the most memory that texts take, in bytes: two for each character. Other values count nothing. */
export function textBytes(...values: readonly unknown[]): number {
  let length = 0
  for (const value of values) if (typeof value === 'string') length += value.length
  return 2 * length
}
