import { durationMs } from '../../schema/duration.ts'
import { FocusError } from '../../common/errors.ts'
import { contentLimits } from '../content/content-limits.ts'
import { compileIcu } from './icu.ts'
import type { Catalogue, Definition, Definitions, LocalizedText } from './definition.ts'
import type { ParamsInput, ParamsOutput, ParamsSchema, ParamsSpec } from './params.ts'

/**
 * Defines an application's own notifications. A mistake in a definition (an invalid ICU message, a text without any
 * language, a topic that is too long) is reported here, not when the first notification is sent.
 *
 * @throws FocusError `invalid_option` that names the definition
 * @example
 * ```ts
 * const catalogue = defineNotifications({
 *   commentAdded: {
 *     event: 'comments',
 *     params: { author: 'string', post: 'string' },
 *     title: { fr: 'Nouveau commentaire', en: 'New comment' },
 *     message: { fr: '{author} a commenté {post}', en: '{author} commented on {post}' },
 *     group: {
 *       key: 'post:{post}', window: '1h',
 *       message: { en: '{count, plural, one {# new comment} other {# new comments}} on {post}' },
 *     },
 *   },
 * })
 * const focus = await createFocus({ catalogue })
 * await focus.notifications.notify('commentAdded', { userId: 7, author: 'Alice', post: 'Hello' })
 * ```
 */
export function defineNotifications<const Specs extends Readonly<Record<string, ParamsSpec>>>(
  definitions: {
    readonly [K in keyof Specs]: Definition<Specs[K]>
  },
): Catalogue<{ readonly [K in keyof Specs]: ShortSpec<Specs[K]> }>
export function defineNotifications(definitions: Definitions): Definitions {
  checkDefinitions(definitions)
  return Object.freeze({ ...definitions })
}

/** A schema by its input and output alone, so that editors show neither zod nor any other library. */
type ShortSpec<Spec extends ParamsSpec> = Spec extends ParamsSchema
  ? ParamsSchema<ParamsInput<Spec>, ParamsOutput<Spec>>
  : Spec

/** @throws FocusError `invalid_option` */
export function checkDefinitions(definitions: Definitions): void {
  for (const [name, definition] of Object.entries(definitions)) checkDefinition(name, definition)
}

function checkDefinition(name: string, { title, message, group, dedupe, rate, event, type }: Definition): void {
  const refuse = (what: string) => {
    throw new FocusError('invalid_option', `The notification ${name}: ${what}.`, {
      hint: 'Correct its definition in defineNotifications().',
    })
  }
  checkText(`${name}.title`, title)
  checkText(`${name}.message`, message)
  if (group?.title) checkText(`${name}.group.title`, group.title)
  if (group?.message) checkText(`${name}.group.message`, group.message)
  if (dedupe?.window !== undefined) durationMs(`${name}.dedupe.window`, dedupe.window)
  if (group?.window !== undefined) durationMs(`${name}.group.window`, group.window)
  if (rate) durationMs(`${name}.rate.window`, rate.window)
  if (event !== undefined && (event === '' || event.length > contentLimits.eventLength)) {
    refuse(`its topic must have 1 to ${contentLimits.eventLength} characters`)
  }
  if (type !== undefined && (type === '' || type.length > contentLimits.typeLength)) {
    refuse(`its type must have 1 to ${contentLimits.typeLength} characters`)
  }
}

function checkText(what: string, text: LocalizedText): void {
  const entries = Object.entries(text)
  if (entries.length === 0) throw new FocusError('invalid_option', `${what}: has no language.`)
  for (const [locale, message] of entries) {
    try {
      compileIcu(message, locale)
    } catch (error) {
      throw new FocusError('invalid_option', `${what}.${locale}: ${(error as Error).message}.`, {
        hint: 'Write an ICU message, such as {count, plural, one {# comment} other {# comments}}.',
        cause: error,
      })
    }
  }
}
