import { FocusError } from '../../errors.ts'

/** Stands for our own origin while a path is examined; nothing is ever sent there. */
const self = 'http://self.invalid'

/**
 * Checks where a sign-in may end (S10): a path of our own origin, or an address whose origin is in the list. The list's
 * own paths narrow which of our paths are allowed; a list without paths allows all of them.
 *
 * @returns the address in its normal form
 * @throws FocusError `return_to_not_allowed`
 */
export function checkReturnTo(value: string, allowed: readonly string[]): string {
  if (value.length > 2_048 || isTricky(value)) throw notAllowed()
  if (value.startsWith('/')) {
    const url = URL.canParse(value, self) ? new URL(value, self) : null
    const paths = allowed.filter((entry) => entry.startsWith('/'))
    const fits = paths.length === 0 || paths.some((path) => isBelow(url?.pathname ?? '', path))
    // Normalising can make a harmless path another host's: `/.//evil` becomes `//evil`.
    if (!url || url.origin !== self || url.pathname.startsWith('//') || !fits) throw notAllowed()
    return url.href.slice(self.length)
  }
  const url = URL.canParse(value) ? new URL(value) : null
  const web = url?.protocol === 'https:' || url?.protocol === 'http:'
  // `https:app.example` and `https:///app.example` are read as hosts by some and not by others.
  if (
    !url ||
    !web ||
    !value.startsWith(url.origin) ||
    url.username !== '' ||
    url.password !== '' ||
    !allowed.includes(url.origin)
  )
    throw notAllowed()
  return url.href
}

/** The address with further query parameters; what a page finds when the sign-in ends there. */
export function withParameters(returnTo: string, parameters: Readonly<Record<string, string>>): string {
  const path = returnTo.startsWith('/')
  // A path is put behind our own origin as it is: resolving it could read a host out of it.
  const url = new URL(path ? self + returnTo : returnTo)
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value)
  if (!path) return url.href
  if (url.origin !== self || url.pathname.startsWith('//')) throw notAllowed()
  return url.href.slice(self.length)
}

/** Forms that some browser or proxy reads as another host: `//x`, `/\x`, their encodings, control characters. */
function isTricky(value: string): boolean {
  let text = value
  for (let round = 0; round < 3; round += 1) {
    if (text.startsWith('//') || text.includes('\\') || hasControlCharacter(text)) return true
    const path = text.split(/[?#]/, 1)[0] ?? ''
    const decoded = decode(path)
    if (decoded === null) return true
    if (decoded === path) return false
    // Resolved by no URL parser, but perhaps by the server, behind the back of the list's paths.
    if (decoded.split('/').includes('..')) return true
    text = decoded
  }
  return true
}

function hasControlCharacter(text: string): boolean {
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index)
    if (code <= 0x20 || code === 0x7f) return true
  }
  return false
}

function decode(text: string): string | null {
  try {
    return decodeURIComponent(text)
  } catch {
    return null
  }
}

function isBelow(path: string, parent: string): boolean {
  return path === parent || path.startsWith(parent.endsWith('/') ? parent : `${parent}/`)
}

function notAllowed(): FocusError {
  return new FocusError('return_to_not_allowed', 'The sign-in may not end at this address.', {
    hint: 'Use a path of this server such as /welcome, or add the origin to FOCUS_RETURN_TO.',
  })
}
