import { FocusError } from '../../common/errors.ts'
import { canonicalLocale } from '../../common/text/locale.ts'
import { shorten } from '../../common/text/shorten.ts'
import { wildcard } from './preferences-port.ts'
import type { PreferenceMatrix, Preferences } from './preferences-port.ts'
import { isStorable } from '../../common/text/storable.ts'

const maxCells = 1_000
const maxTopicLength = 191

/**
 * Checks preferences that a user sent.
 *
 * @param transports the names that can be chosen
 * @throws FocusError `invalid_request`
 */
export function parsePreferences(
  body: Readonly<Record<string, unknown>>,
  transports: readonly string[],
): Partial<Preferences> {
  const { locale, preferences } = body
  if (locale === undefined && preferences === undefined) throw refuse('The body has neither preferences nor locale.')
  return {
    ...(locale === undefined ? {} : { locale: parseLocale(locale) }),
    ...(preferences === undefined ? {} : { matrix: parseMatrix(preferences, transports) }),
  }
}

function parseLocale(value: unknown): string | null {
  if (value === null) return null
  const locale = canonicalLocale(value)
  if (locale !== null) return locale
  throw refuse('locale: expected a language tag such as "fr" or "en-GB", or null.')
}

function parseMatrix(value: unknown, transports: readonly string[]): PreferenceMatrix {
  if (!isRecord(value)) throw refuse('preferences: expected an object of topics.')
  let cells = 0
  for (const [event, row] of Object.entries(value)) {
    if (!isTopic(event)) throw refuse(`preferences: a topic has 1 to ${maxTopicLength} characters.`)
    if (!isRecord(row)) throw refuse(`preferences.${event}: expected an object of transports.`)
    for (const [transport, enabled] of Object.entries(row)) {
      if (typeof enabled !== 'boolean') throw refuse(`preferences.${event}.${transport}: expected true or false.`)
      if (transport !== wildcard && !transports.includes(transport)) {
        throw refuse(
          `preferences.${event}: there is no transport ${JSON.stringify(shorten(transport, 64))}.`,
          transports,
        )
      }
      cells += 1
    }
  }
  if (cells > maxCells) throw refuse(`preferences: ${cells} choices exceed the maximum of ${maxCells}.`)
  return value as PreferenceMatrix
}

function isTopic(text: string): boolean {
  return text.length > 0 && text.length <= maxTopicLength && isStorable(text)
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function refuse(message: string, transports: readonly string[] = []): FocusError {
  const known = transports.length === 0 ? '' : ` The transports are ${transports.join(', ')}.`
  return new FocusError('invalid_request', message, {
    hint: `Send {"preferences": {"limits": {"email": false}}, "locale": "fr"}. "*" is every topic or transport.${known}`,
  })
}
