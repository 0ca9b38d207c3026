import { FocusError } from '../../common/errors.ts'
import { canonicalLocale } from '../../common/text/locale.ts'
import type { JsonObject, JsonValue } from '../../common/json.ts'
import { formatIcu, type IcuParams } from './icu.ts'
import type { Policies } from '../policies/policy.ts'
import type { NotificationContent } from '../ports.ts'
import type { Definition, LocalizedText, PolicyKey } from './definition.ts'
import { checkParams, type ParamsSpec } from './params.ts'

/** A notification of the catalogue, ready to be sent. */
export interface Rendered {
  readonly content: NotificationContent
  readonly locale: string
  readonly params: IcuParams
}

/**
 * Checks the params of a definition and fills its texts in the first of the languages that it exists in.
 *
 * @throws FocusError `invalid_notification`
 */
export function render(name: string, definition: Definition, input: unknown, locales: readonly string[]): Rendered {
  const params = checkParams(name, definition.params, input)
  const values = isRecord(params) ? primitives(params) : {}
  const locale = chooseLocale(definition.title, locales)
  const fill = (text: LocalizedText) => format(name, pick(text, [locale, ...locales]), locale, values)
  return {
    locale,
    params: values,
    content: {
      type: definition.type ?? 'info',
      title: fill(definition.title),
      message: fill(definition.message),
      ...(definition.event === undefined ? {} : { event: definition.event }),
      data: definition.data ? definition.data(params) : snakeCaseData(params),
      ...definitionPolicies(name, definition, params, values, [locale, ...locales]),
      ...(definition.critical === undefined ? {} : { critical: definition.critical }),
      ...(definition.transports === undefined ? {} : { transports: definition.transports }),
      ...(definition.escalate === undefined ? {} : { escalate: definition.escalate }),
    },
  }
}

function definitionPolicies(
  name: string,
  { dedupe, group, rate }: Definition,
  params: unknown,
  values: IcuParams,
  locales: readonly string[],
): Policies {
  const keyOf = (key: PolicyKey<ParamsSpec>) =>
    typeof key === 'function' ? key(params) : format(name, key, 'en', values)
  return {
    ...(dedupe && { dedupe: { ...dedupe, key: keyOf(dedupe.key) } }),
    ...(group && {
      group: {
        key: keyOf(group.key),
        ...(group.window === undefined ? {} : { window: group.window }),
        ...(group.title && { title: pick(group.title, locales) }),
        ...(group.message && { message: pick(group.message, locales) }),
      },
    }),
    ...(rate && { rate }),
  }
}

function format(name: string, message: string, locale: string, values: IcuParams): string {
  try {
    return formatIcu(message, locale, values)
  } catch (error) {
    throw new FocusError('invalid_notification', `${name}: ${(error as Error).message}`, {
      hint: 'Its texts use a param that was not passed.',
      cause: error,
    })
  }
}

function pick(text: LocalizedText, locales: readonly string[]): string {
  return text[chooseLocale(text, locales)] ?? ''
}

/** Returns the first wanted language that exists, exactly or without its region; otherwise the first that exists. */
function chooseLocale(text: LocalizedText, wanted: readonly string[]): string {
  const keys = Object.keys(text)
  for (const tag of wanted) {
    if (Object.hasOwn(text, tag)) return tag
    const locale = canonicalLocale(tag)
    if (locale === null) continue
    const [language] = locale.split('-')
    const key = keys.find((each) => canonicalLocale(each) === locale) ?? keys.find((each) => each === language)
    if (key !== undefined) return key
  }
  return keys[0] ?? 'en'
}

function primitives(params: Record<string, unknown>): IcuParams {
  const entries = Object.entries(params).filter((entry): entry is [string, string | number | boolean] =>
    ['string', 'number', 'boolean'].includes(typeof entry[1]),
  )
  return Object.fromEntries(entries)
}

function snakeCaseData(params: unknown): JsonObject {
  if (!isRecord(params)) return {}
  return Object.fromEntries(
    Object.entries(params)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => [snakeCase(name), value as JsonValue]),
  )
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
