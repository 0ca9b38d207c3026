import { FocusError } from '../../common/errors.ts'
import type { Definition, Definitions } from './definition.ts'
import { render } from './render.ts'
import type { NotifyNamedOptions } from '../focus-notifications.ts'
import type { Recipient } from '../sending/recipients.ts'
import type { Outgoing } from '../sending/sender.ts'
import type { NotificationContent } from '../ports.ts'

/** What a caller wants to say: in their own words, or in the catalogue's. */
export type Message =
  | { readonly content: NotificationContent }
  | {
      readonly name: string
      readonly params: unknown
      readonly options?: NotifyNamedOptions
    }

/** Finds the words: a caller's own, or the catalogue's in the language of whom they are for. */
export class Composer {
  readonly #definitions: Definitions
  readonly #locale: string

  /** @param locale for people whose own language is not known */
  constructor(definitions: Definitions, locale: string) {
    this.#definitions = definitions
    this.#locale = locale
  }

  /** @throws FocusError `invalid_notification` for a name that is not in the catalogue, or params that do not fit it */
  compose(recipient: Pick<Recipient, 'locale'> | null, message: Message): Outgoing {
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
