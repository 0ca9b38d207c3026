import type { AdmissionControl } from '../../admission/admission-control.ts'
import { costs } from '../../admission/budgets.ts'
import type { Client } from '../../admission/client.ts'
import { refusalError } from '../../admission/refusal.ts'
import { trial } from '../../admission/trial.ts'
import type { Principal, TokenVerifier } from '../../auth/ports.ts'
import type { FocusError } from '../../common/errors.ts'
import { authenticate, type Credentials } from './credentials.ts'
import type { Tickets } from './tickets.ts'

export interface AuthenticatorDeps {
  readonly control: AdmissionControl
  readonly verifier: TokenVerifier
  readonly tickets: Tickets
}

/** Finds out whom credentials speak for, within the budgets: a token that is known costs its user, any other its address. */
export class Authenticator {
  readonly #deps: AuthenticatorDeps

  constructor(deps: AuthenticatorDeps) {
    this.#deps = deps
  }

  /** What speaks against a connection with these credentials before they are looked at; null when nothing does. */
  refusal(credentials: Credentials, client: Client): FocusError | null {
    const { control } = this.#deps
    const known = this.#known(credentials)
    const refusal = known === null ? control.mayTry(client) : control.user(known.userKey, costs.connection, client)
    return refusal === null ? null : refusalError(refusal)
  }

  /**
   * Whom they speak for, once `refusal` was asked.
   *
   * @throws FocusError `invalid_token`, `token_expired`, `session_revoked`, `rate_limited`
   */
  async principal(credentials: Credentials, client: Client): Promise<Principal> {
    const { control, verifier, tickets } = this.#deps
    const known = this.#known(credentials)
    if (known !== null) return known
    const principal = await trial(control, client, () => authenticate(credentials, verifier, tickets))
    const refusal = control.user(principal.userKey, costs.connection, client)
    if (refusal !== null) throw refusalError(refusal)
    return principal
  }

  #known(credentials: Credentials): Principal | null {
    return credentials.kind === 'token' ? (this.#deps.verifier.known?.(credentials.secret) ?? null) : null
  }
}
