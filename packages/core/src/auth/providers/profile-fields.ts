/** A text of a provider's answer; what is blank or no text is as good as absent. Limits and forms: `profile-rules.ts`. */
export function textOrNull(value: unknown): string | null {
  return typeof value === 'string' && value.trim() !== '' ? value : null
}
