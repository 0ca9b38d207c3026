import { IntlMessageFormat } from 'intl-messageformat'
import { LRUCache } from 'lru-cache'
import { canonicalLocale } from '../../common/text/locale.ts'

export type IcuParams = Readonly<Record<string, string | number | boolean>>

/** Compiled messages: a catalogue has few, and compiling one costs far more than filling it. */
const compiled = new LRUCache<string, IntlMessageFormat>({ max: 1_000 })

/**
 * Fills an ICU message.
 *
 * @throws Error for a message with a mistake, or a missing param
 */
export function formatIcu(message: string, locale: string, params: IcuParams): string {
  return String(compileIcu(message, locale).format<string>(params))
}

/** @throws Error for a message with a mistake */
export function compileIcu(message: string, locale: string): IntlMessageFormat {
  const key = `${locale}\n${message}`
  const known = compiled.get(key)
  if (known) return known
  // Angle brackets are text, not tags: messages are not HTML. Providers and directories may return `fr_FR` or a text that
  // is not a language, which is not a mistake of the message.
  const format = new IntlMessageFormat(message, canonicalLocale(locale) ?? 'en', undefined, { ignoreTag: true })
  compiled.set(key, format)
  return format
}
