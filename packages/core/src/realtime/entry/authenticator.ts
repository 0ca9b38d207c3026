import type { AdmissionControl } from '../../admission/admission-control.ts'
import { costs } from '../../admission/budgets.ts'
import type { Client } from '../../admission/client.ts'
import { refusalError } from '../../admission/refusal.ts'
import { trial } from '../../admission/trial.ts'
import type { Principal, TokenVerifier } from '../../auth/ports.ts'
import type { FocusError } from '../../common/errors.ts'
import { authenticate, type Credentials } from './credentials.ts'
import type { Tickets } from './tickets.ts'

/** Verifies credentials within the budgets: a token in the verifier's cache costs its user, any other costs its address. */
export class Authenticator {
  readonly #control: AdmissionControl
  readonly #verifier: TokenVerifier
  readonly #tickets: Tickets

  constructor(control: AdmissionControl, verifier: TokenVerifier, tickets: Tickets) {
    this.#control = control
    this.#verifier = verifier
    this.#tickets = tickets
  }

  /** Returns the error for credentials that exceed a budget, before they are verified; null when they may be. */
  refusal(credentials: Credentials, client: Client): FocusError | null {
    const known = this.#known(credentials)
    const refusal =
      known === null ? this.#control.mayTry(client) : this.#control.user(known.userKey, costs.connection, client)
    return refusal === null ? null : refusalError(refusal)
  }

  /**
   * Verifies credentials for which `refusal` returned null.
   *
   * @throws FocusError `invalid_token`, `token_expired`, `session_revoked`, `rate_limited`
   */
  async principal(credentials: Credentials, client: Client): Promise<Principal> {
    const known = this.#known(credentials)
    if (known !== null) return known
    const principal = await trial(this.#control, client, () => authenticate(credentials, this.#verifier, this.#tickets))
    const refusal = this.#control.user(principal.userKey, costs.connection, client)
    if (refusal !== null) throw refusalError(refusal)
    return principal
  }

  #known(credentials: Credentials): Principal | null {
    return credentials.kind === 'token' ? (this.#verifier.known?.(credentials.secret) ?? null) : null
  }
}
