import { IntlMessageFormat } from 'intl-messageformat'
import { LRUCache } from 'lru-cache'
import { canonicalLocale } from '../../common/text/locale.ts'

export type IcuParams = Readonly<Record<string, string | number | boolean>>

/** Compiled messages: a catalogue has few of them, and compiling costs far more than filling. */
const compiled = new LRUCache<string, IntlMessageFormat>({ max: 1_000 })

/**
 * Fills an ICU message.
 *
 * @throws Error for a message with a mistake, or a param that it needs and does not get
 */
export function formatIcu(message: string, locale: string, params: IcuParams): string {
  return String(compileIcu(message, locale).format<string>(params))
}

/** @throws Error for a message with a mistake */
export function compileIcu(message: string, locale: string): IntlMessageFormat {
  const key = `${locale}\n${message}`
  const known = compiled.get(key)
  if (known) return known
  // Angle brackets are text here: what is said may be shown as HTML by nobody's intention.
  // Providers and directories also say `fr_FR`, or nothing that is a language; that is no mistake of the text.
  const format = new IntlMessageFormat(message, canonicalLocale(locale) ?? 'en', undefined, { ignoreTag: true })
  compiled.set(key, format)
  return format
}
