import { isLoopbackUrl } from '../../origin-policy.ts'

/** What a provider says of a person, if it is a text of a sane length; anything else is as good as absent. */
export function textOrNull(value: unknown, maxLength: number): string | null {
  return typeof value === 'string' && value.trim() !== '' && value.length <= maxLength ? value.trim() : null
}

/** The address of a picture. Pages show it, so only https, or http on this machine. */
export function httpsOrNull(value: unknown): string | null {
  const url = textOrNull(value, 2_048)
  if (url === null || !URL.canParse(url)) return null
  return url.startsWith('https:') || isLoopbackUrl(url) ? url : null
}
