/** A language tag as `Intl` and `Accept-Language` take it (BCP 47): `fr_FR` is `fr-FR`; undefined for a text that is none. */
export function languageTag(locale: string | undefined): string | undefined {
  try {
    return Intl.getCanonicalLocales(locale?.replace(/[.@].*/, '').replaceAll('_', '-'))[0]
  } catch {
    return undefined
  }
}
