export type Locale = 'fr' | 'en'

/**
 * Returns the language of a page: the reader's preferred one (`Accept-Language`, RFC 9110 §12.5.4) among French and
 * English; French by default.
 */
export function pickLocale(acceptLanguage: string | undefined): Locale {
  const wanted = (acceptLanguage ?? '')
    .split(',')
    .map((part) => {
      const [tag = '', ...parameters] = part.trim().toLowerCase().split(';')
      const quality = parameters.map((parameter) => /^\s*q=([\d.]+)\s*$/.exec(parameter)?.[1]).find(Boolean)
      return { language: tag.split(/[-_]/)[0], quality: quality === undefined ? 1 : Number(quality) }
    })
    .filter(({ quality }) => quality > 0)
    .sort((a, b) => b.quality - a.quality)
  return wanted.find(({ language }) => language === 'en' || language === 'fr')?.language === 'en' ? 'en' : 'fr'
}
