import { FocusError } from '../../common/errors.ts'
import type { NotifyNamedOptions } from '../focus-notifications.ts'
import type { NotificationContent } from '../ports.ts'
import type { Definition, Definitions } from './definition.ts'
import type { IcuParams } from './icu.ts'
import { render } from './render.ts'

/** A notification as a caller passes it: its content, or a name of the catalogue with params. */
export type Message =
  | { readonly content: NotificationContent }
  | {
      readonly name: string
      readonly params: unknown
      readonly options?: NotifyNamedOptions
    }

/** The content of a message, with the language and the params that its texts were made from. */
export interface ComposedMessage {
  readonly content: NotificationContent
  readonly locale: string
  readonly params?: IcuParams
}

/** Renders messages of the catalogue in the recipient's language, and passes on a caller's own content. */
export class Composer {
  readonly #definitions: Definitions
  readonly #locale: string

  /** @param locale language for users without a known language */
  constructor(definitions: Definitions, locale: string) {
    this.#definitions = definitions
    this.#locale = locale
  }

  /** @throws FocusError `invalid_notification` for a name that is not in the catalogue, or params that do not fit it */
  compose(recipient: { readonly locale: string | null } | null, message: Message): ComposedMessage {
    if ('content' in message) return { content: message.content, locale: recipient?.locale ?? this.#locale }
    const { name, params, options = {} } = message
    const { locale, idempotencyKey: _, ...overrides } = options
    const locales = [locale, recipient?.locale, this.#locale].filter((tag) => typeof tag === 'string')
    const rendered = render(name, this.#definition(name), params, locales)
    return { ...rendered, content: { ...rendered.content, ...overrides } }
  }

  #definition(name: string): Definition {
    const definition = Object.hasOwn(this.#definitions, name) ? this.#definitions[name] : undefined
    if (definition) return definition
    throw new FocusError('invalid_notification', `There is no notification ${JSON.stringify(name)} in the catalogue.`, {
      hint: `It has ${Object.keys(this.#definitions).join(', ')}.`,
    })
  }
}
