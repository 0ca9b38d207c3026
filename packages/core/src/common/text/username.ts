/** The column holds 64 characters; the rest is room for a number that makes the name unique. */
const maxBaseLength = 48

export interface UsernameSources {
  readonly fullName: string | null
  readonly preferredUsername: string | null
  readonly email: string | null
}

/**
 * Returns a username for a profile: `John Doe` becomes `john_doe`. Letters lose their accents. A name without Latin letters
 * falls back to the preferred username, then to the local part of the e-mail address, then to `user`. The caller checks
 * whether the username is free.
 */
export function suggestUsername(profile: UsernameSources): string {
  const { fullName, preferredUsername, email } = profile
  for (const source of [fullName, preferredUsername?.split('@')[0], email?.split('@')[0]]) {
    const username = source ? slug(source) : ''
    // A number (`42`, `1e5`) could be read as an id where an operator may type either.
    if (/[a-z]/.test(username) && Number.isNaN(Number(username))) return username
  }
  return 'user'
}

function slug(text: string): string {
  return text
    .normalize('NFKD')
    .toLowerCase()
    .replace(/ß/g, 'ss')
    .replace(/[æœøđłı]/g, (letter) => transliterations[letter] ?? letter)
    .replace(/[\u0300-\u036f'’]/g, '')
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^_+|_+$/g, '')
    .slice(0, maxBaseLength)
    .replace(/_+$/, '')
}

const transliterations: Readonly<Record<string, string>> = { æ: 'ae', œ: 'oe', ø: 'o', đ: 'd', ł: 'l', ı: 'i' }
