import { FocusError } from '../../errors.ts'
import type { JsonObject, JsonValue } from '../../one-time.ts'
import { formatIcu } from '../icu.ts'
import type { NotificationContent } from '../types.ts'
import type { Definition, LocalizedText, ParamsSchema, SchemaIssue } from './definition.ts'

/** Checks the params of a definition and fills its texts in one language. */
export async function render(
  name: string,
  definition: Definition,
  input: unknown,
  locales: readonly string[],
): Promise<NotificationContent> {
  const params = await validateParams(name, definition.params, input)
  return {
    type: definition.type ?? 'info',
    title: formatText(definition.title, params, locales),
    message: formatText(definition.message, params, locales),
    ...(definition.event === undefined ? {} : { event: definition.event }),
    data: definition.data ? definition.data(params) : snakeCaseData(params),
  }
}

async function validateParams(name: string, schema: ParamsSchema, input: unknown): Promise<unknown> {
  const result = await schema['~standard'].validate(input)
  if (result.issues === undefined) return result.value
  throw new FocusError('invalid_notification', `${name}: ${result.issues.map(describeIssue).join('; ')}`, {
    hint: 'Compare the params with the definition in the catalogue.',
  })
}

function describeIssue({ message, path }: SchemaIssue): string {
  const keys = (path ?? []).map((step) => String(typeof step === 'object' ? step.key : step))
  return keys.length === 0 ? message : `${keys.join('.')}: ${message}`
}

export function formatText(text: LocalizedText, params: unknown, locales: readonly string[]): string {
  const locale = chooseLocale(Object.keys(text), locales)
  return formatIcu(text[locale] ?? '', locale, isRecord(params) ? primitives(params) : {})
}

/** The first wanted language that exists, exactly or without its region; else the first that exists. */
function chooseLocale(available: readonly string[], wanted: readonly string[]): string {
  for (const locale of wanted) {
    const language = locale.split('-')[0]
    const found = available.find((tag) => tag === locale) ?? available.find((tag) => tag === language)
    if (found !== undefined) return found
  }
  return available[0] ?? 'en'
}

function primitives(params: Record<string, unknown>): Record<string, string | number | boolean> {
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
