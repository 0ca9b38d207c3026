/**
 * Lower-cases the letters A to Z and no other character (A4). `toLowerCase()` folds more: the Kelvin sign U+212A becomes
 * `k`, which would turn two mailboxes into one user. The length never changes.
 *
 * @example
 * ```ts
 * asciiLowerCase('Mike@Corp.example') // 'mike@corp.example'
 * asciiLowerCase('mi\u212Ae@corp.example') // unchanged
 * ```
 */
export function asciiLowerCase(text: string): string {
  return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase())
}
