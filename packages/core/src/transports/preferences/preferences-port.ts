import { FocusError } from '../../common/errors.ts'
import { canonicalLocale } from '../../common/text/locale.ts'
import { shorten } from '../../common/text/shorten.ts'
import type { UserKey } from '../../common/user-id.ts'

/** Stands for every topic, and for every transport with the inbox. */
export const everything = '*'

/** What a person chose: by topic, by transport. What is not there is on. */
export type PreferenceMatrix = Readonly<Record<string, Readonly<Record<string, boolean>>>>

/** A person's preferences. */
export interface Preferences {
  /** BCP 47 tag of the language that texts are wanted in; null for the account's. */
  readonly locale: string | null
  readonly matrix: PreferenceMatrix
}

/** Port: where preferences are kept. */
export interface PreferenceStore {
  get(userKey: UserKey): Promise<Preferences>
  /** Replaces what is given. */
  put(userKey: UserKey, change: Partial<Preferences>): Promise<void>
  /** Sets one cell and leaves the others. */
  set(userKey: UserKey, event: string, transport: string, enabled: boolean): Promise<void>
  /** Matrices of people who chose anything. */
  matrices(userKeys: readonly UserKey[]): Promise<ReadonlyMap<UserKey, PreferenceMatrix>>
}

/** Whether a topic is wanted at a transport: the most exact choice counts, a topic's before a transport's. */
export function isWanted(matrix: PreferenceMatrix | undefined, event: string | null, transport: string): boolean {
  if (matrix === undefined) return true
  const topic = event === null ? undefined : matrix[event]
  const every = matrix[everything]
  return topic?.[transport] ?? topic?.[everything] ?? every?.[transport] ?? every?.[everything] ?? true
}

/** Returns whether the user switched a topic off everywhere, the inbox included. */
export function isMuted(matrix: PreferenceMatrix | undefined, event: string | null): boolean {
  const topic = event === null ? undefined : matrix?.[event]?.[everything]
  return (topic ?? matrix?.[everything]?.[everything]) === false
}

/**
 * Reads many people's preferences in one go: what is asked for within one turn of the event loop becomes one query, always of
 * the present state, since a person who switched something off must not wait for a cache.
 */
export class PreferenceReader {
  readonly #store: PreferenceStore
  #waiting: Map<UserKey, true> | null = null
  #batch: Promise<ReadonlyMap<UserKey, PreferenceMatrix>> | null = null

  constructor(store: PreferenceStore) {
    this.#store = store
  }

  async matrixOf(userKey: UserKey): Promise<PreferenceMatrix | undefined> {
    if (this.#waiting === null || this.#batch === null) {
      this.#waiting = new Map()
      this.#batch = this.#readSoon(this.#waiting)
    }
    this.#waiting.set(userKey, true)
    return (await this.#batch).get(userKey)
  }

  async #readSoon(waiting: Map<UserKey, true>): Promise<ReadonlyMap<UserKey, PreferenceMatrix>> {
    await new Promise<void>((resolve) => setImmediate(resolve))
    this.#waiting = null
    return this.#store.matrices([...waiting.keys()])
  }
}

const maxCells = 1_000
const isName = (text: string, length: number) => text.length > 0 && text.length <= length && text.isWellFormed()

/**
 * Checks what a person sent as their preferences.
 *
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
    if (!isName(event, 191)) throw refuse('preferences: a topic has 1 to 191 characters.')
    if (!isRecord(row)) throw refuse(`preferences.${event}: expected an object of transports.`)
    for (const [transport, enabled] of Object.entries(row)) {
      if (typeof enabled !== 'boolean') throw refuse(`preferences.${event}.${transport}: expected true or false.`)
      if (transport !== everything && !transports.includes(transport)) {
        throw refuse(
          `preferences.${event}: there is no transport ${JSON.stringify(shorten(transport, 64))}.`,
          transports,
        )
      }
      cells += 1
    }
  }
  if (cells > maxCells) throw refuse(`preferences: ${cells} choices are more than ${maxCells}.`)
  return value as PreferenceMatrix
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function refuse(message: string, transports: readonly string[] = []): FocusError {
  const known = transports.length === 0 ? '' : ` The transports are ${transports.join(', ')}.`
  return new FocusError('invalid_request', message, {
    hint: `Send {"preferences": {"limits": {"email": false}}, "locale": "fr"}; "*" stands for every topic or transport.${known}`,
  })
}
