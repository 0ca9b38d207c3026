/** As long as `focus_users.locale` and `focus_locales.locale` hold. */
const maxLength = 35

/**
 * A language tag in its canonical form (BCP 47): `fr_FR`, `FR-fr` and the `fr_FR.UTF-8` of POSIX are `fr-FR`. Null for anything
 * that names no language, so that nothing of it reaches `Intl`, which throws.
 */
export function canonicalLocale(text: unknown): string | null {
  if (typeof text !== 'string') return null
  const tag = text
    .trim()
    .replace(/[.@].*$/s, '')
    .replaceAll('_', '-')
  if (tag.length > maxLength) return null
  try {
    const [locale = null] = Intl.getCanonicalLocales(tag)
    // `C` and `POSIX` name no language; the first is no tag, the second looks like one.
    return locale === null || locale.length > maxLength || locale === 'posix' ? null : locale
  } catch {
    return null
  }
}

/** Whichever of the product's own languages a tag names, without its region; null for every other. */
export function ownLanguage(text: unknown): 'fr' | 'en' | null {
  const language = canonicalLocale(text)?.split('-')[0]
  return language === 'fr' || language === 'en' ? language : null
}
