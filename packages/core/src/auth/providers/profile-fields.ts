/** Returns a text of a provider's response; null for a blank text or another type. `profile-rules.ts` applies limits and forms. */
export function textOrNull(value: unknown): string | null {
  return typeof value === 'string' && value.trim() !== '' ? value : null
}
