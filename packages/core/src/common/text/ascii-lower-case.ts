/**
 * Lower-cases the letters A to Z and leaves every other character as it is (A4). `toLowerCase()` folds more: the Kelvin sign
 * U+212A becomes `k`, and two mailboxes become one user. The length never changes, so a limit that held before holds after.
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
