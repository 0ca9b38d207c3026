import { createHash } from 'node:crypto'

/** A person of the dev issuer. Every field is derived from the typed name, so nothing is stored. */
export interface Person {
  /** Subject identifier: the same name gives the same subject on every start and every machine. */
  readonly subject: string
  readonly name: string
  readonly givenName: string
  readonly username: string
  readonly email: string
}

const MAX_NAME_LENGTH = 60
const SUBJECT_PREFIX = 'dev-'
/** Reserved by RFC 2606: no mail reaches this domain. */
const EMAIL_DOMAIN = 'example.com'

/**
 * Returns the person for a typed name or e-mail address; null when the text contains no usable name. `Alice`, ` alice `
 * and `alice@example.com` are the same person; so are `Zoé Martin` and `zoé  martin`.
 */
export function personNamed(typed: string): Person | null {
  const text = typed.normalize('NFC').replaceAll(/\s+/g, ' ').trim().toLowerCase()
  if (text === '' || text.length > MAX_NAME_LENGTH || /\p{Cc}/u.test(text)) return null
  const [local = '', domain] = text.split('@', 2)
  if (!/[\p{L}\p{N}]/u.test(local)) return null
  const username = asciiName(local) || `u${createHash('sha256').update(local).digest('hex').slice(0, 8)}`
  const email = `${username}@${domain !== undefined && /^[a-z\d.-]+$/.test(domain) ? domain : EMAIL_DOMAIN}`
  const identity = email === `${username}@${EMAIL_DOMAIN}` ? local : text
  const name = titleCase(local.replaceAll(/[._]+/g, ' '))
  return {
    subject: SUBJECT_PREFIX + Buffer.from(identity, 'utf8').toString('base64url'),
    name,
    givenName: name.split(' ')[0] ?? name,
    username,
    email,
  }
}

/** Returns the person for a subject of `personNamed`; null for any other text. */
export function personOfSubject(subject: string): Person | null {
  if (!subject.startsWith(SUBJECT_PREFIX)) return null
  const person = personNamed(Buffer.from(subject.slice(SUBJECT_PREFIX.length), 'base64url').toString('utf8'))
  return person?.subject === subject ? person : null
}

/** Returns the claims of OpenID Connect Core 5.1, as Google's ID token has them. */
export function claimsOf(person: Person, issuer: string): Record<string, string | boolean> {
  return {
    sub: person.subject,
    name: person.name,
    given_name: person.givenName,
    preferred_username: person.username,
    email: person.email,
    email_verified: true,
    // The domain vouches for its addresses, as with Google Workspace accounts, so a person keeps the account when the
    // port and with it the issuer changes.
    hd: person.email.slice(person.email.indexOf('@') + 1),
    picture: `${issuer}/avatar/${person.subject}.svg`,
  }
}

/**
 * Reduces a text to characters that are valid in user names and mail addresses: `Zoé Martin` becomes `zoe.martin`, `李明`
 * becomes empty.
 */
function asciiName(text: string): string {
  return text
    .normalize('NFKD')
    .replaceAll(/\p{M}/gu, '')
    .replaceAll(/[^a-z\d_-]+/g, '.')
    .replaceAll(/^[._-]+|[._-]+$/g, '')
}

function titleCase(text: string): string {
  return text.replaceAll(/(^|[\s-])(\p{L})/gu, (_, before: string, letter: string) => before + letter.toUpperCase())
}
