import { FocusError } from '../../common/errors.ts'

/** Placeholder for our own origin while a path is examined; nothing is ever sent there. */
const self = 'http://self.invalid'

/** Keeps `state`, which carries the address, below 2,048 characters; providers refuse longer ones. */
export const maxReturnToLength = 1_024
/** Forms that an address may take by repeated decoding; a legitimate address has few. */
const maxForms = 16

/** Query parameters that report the outcome of a sign-in to a page. */
const outcomes = ['focus_code', 'linked', 'error', 'error_description'] as const

/**
 * Checks where a sign-in may end (S10): a path of our own origin, or an address whose origin is in the list. Paths in the list
 * restrict the allowed paths of our origin; a list without paths allows all of them.
 *
 * @param ownOrigin origin of the public URL; null when there is none
 * @returns the address in its normal form, of at most 1,024 characters
 * @throws FocusError `return_to_not_allowed`
 */
export function checkReturnTo(value: string, allowed: readonly string[], ownOrigin: string | null = null): string {
  if (value.includes(' ') || value.includes('\\') || hasControlCharacter(value)) throw notAllowed()
  const path = value.startsWith('/')
  const url = path ? parse(value, self) : parse(value)
  if (!url || !(path ? isOwn(url, self, allowed) : isAllowed(url, value, allowed, ownOrigin))) throw notAllowed()
  // An address that is harmless as written may name another host in its normal form, or after a server decodes it.
  const from = path ? value : value.slice(url.origin.length)
  if (!isPathForEverybody(from) || !isPathForEverybody(url.pathname)) throw notAllowed()
  const normal = path ? url.href.slice(self.length) : url.href
  if (normal.length > maxReturnToLength) throw notAllowed()
  return normal
}

function isOwn(url: URL, ownOrigin: string | null, allowed: readonly string[]): boolean {
  const paths = allowed.filter((entry) => entry.startsWith('/'))
  return url.origin === ownOrigin && (paths.length === 0 || paths.some((path) => isBelow(url.pathname, path)))
}

function isAllowed(url: URL, value: string, allowed: readonly string[], ownOrigin: string | null): boolean {
  // Parsers disagree on whether `https:app.example` and `https:///app.example` name a host.
  return (
    (url.protocol === 'https:' || url.protocol === 'http:') &&
    value.startsWith(url.origin) &&
    url.username === '' &&
    url.password === '' &&
    (allowed.includes(url.origin) || isOwn(url, ownOrigin, allowed))
  )
}

/**
 * Returns the address with the outcome of a sign-in as query parameters. Outcome parameters that the address already has are
 * removed, so that a page never reads the outcome of another sign-in.
 */
export function withOutcome(
  returnTo: string,
  parameters: Readonly<Partial<Record<(typeof outcomes)[number], string>>>,
): string {
  const path = returnTo.startsWith('/')
  // A path is appended to the placeholder origin, because resolving it could read a host from it.
  const url = new URL(path ? self + returnTo : returnTo)
  for (const name of outcomes) if (url.searchParams.has(name)) url.searchParams.delete(name)
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value)
  if (!path) return url.href
  if (url.origin !== self || url.pathname.startsWith('//')) throw notAllowed()
  return url.href.slice(self.length)
}

/**
 * Returns whether every browser, proxy and server reads an address as a path, however often it decodes and resolves it: no form
 * is `//host` or `/\\host`, leads up, or has a control character.
 */
function isPathForEverybody(address: string): boolean {
  const path = address.split(/[?#]/, 1)[0] || '/'
  const forms = new Set([path])
  for (const form of forms) {
    if (forms.size > maxForms || form.startsWith('//') || form.includes('\\') || hasControlCharacter(form)) return false
    // URL parsers leave an encoded `..` alone, but a server may resolve it and so leave the allowed paths.
    if (form !== path && form.split('/').includes('..')) return false
    const url = parse(form, self)
    const decoded = decode(form)
    if (url?.origin !== self || decoded === null) return false
    forms.add(url.pathname)
    forms.add(decoded)
  }
  return true
}

function parse(address: string, base?: string): URL | null {
  return URL.canParse(address, base) ? new URL(address, base) : null
}

function hasControlCharacter(text: string): boolean {
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index)
    if (code < 0x20 || code === 0x7f) return true
  }
  return false
}

/** Returns null for bytes that are not UTF-8, because decoders disagree on them; some produce a slash. */
function decode(text: string): string | null {
  if (!/%[0-9a-f]{2}/i.test(text)) return text
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
