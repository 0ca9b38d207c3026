import { FocusError } from '../../common/errors.ts'
import type { Runtime } from '../../common/runtime.ts'
import type { Provider, ProviderClient } from './provider.ts'

interface Registered {
  readonly provider: Provider
  readonly client: ProviderClient
}

/** The configured providers, by name. */
export class ProviderRegistry {
  readonly #byName: ReadonlyMap<string, Registered>

  /** @throws FocusError `invalid_option` */
  constructor(providers: readonly Provider[], runtime: Runtime) {
    this.#byName = new Map(
      providers.map((provider) => [provider.name, { provider, client: provider.connect(runtime) }]),
    )
    if (this.#byName.size < providers.length) {
      throw new FocusError('invalid_option', 'Two sign-in providers have the same name.', {
        hint: 'Give each provider its own `name`.',
      })
    }
  }

  get names(): string[] {
    return [...this.#byName.keys()]
  }

  /** @throws FocusError `oauth_disabled`, `unknown_provider` */
  find(name: string): Registered {
    const found = this.#byName.get(name)
    if (found) return found
    if (this.#byName.size === 0) {
      throw new FocusError('oauth_disabled', 'Sign-in is switched off: no provider is configured.', {
        hint: 'Set OAUTH_ENABLED=True with GOOGLE_CLIENT_ID, GOOGLE_CLIENT_SECRET and GOOGLE_REDIRECT_URI.',
      })
    }
    throw new FocusError('unknown_provider', 'No sign-in provider has this name.', {
      hint: `Configured are: ${this.names.join(', ')}.`,
    })
  }
}
