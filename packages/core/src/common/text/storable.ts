/**
 * Returns whether every database stores a text as it is: a lone surrogate has no UTF-8 form, and PostgreSQL has no text with
 * U+0000.
 */
export function isStorable(text: string): boolean {
  return text.isWellFormed() && !text.includes('\0')
}

/** Replaces what a database cannot store, in texts that nobody can correct, such as the error of a peer. */
export function toStorable(text: string): string {
  return text.toWellFormed().replaceAll('\0', '\u{fffd}')
}
