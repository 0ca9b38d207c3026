import type { IncomingHttpHeaders } from 'node:http'
import type { AdmissionControl } from '../admission/admission-control.ts'
import { trial } from '../admission/trial.ts'
import { bearerToken } from '../common/bearer.ts'
import type { Principal, TokenVerifier } from '../auth/ports.ts'
import { headerOf } from './request/headers.ts'
import type { RequestInfo } from './route.ts'

const withoutToken: Promise<null> = Promise.resolve(null)

/** Verifies the access tokens of the application's own routes, within the same budgets as those of Focus' routes. */
export class HostAuthenticator {
  readonly #control: AdmissionControl
  readonly #verifier: TokenVerifier

  constructor(control: AdmissionControl, verifier: TokenVerifier) {
    this.#control = control
    this.#verifier = verifier
  }

  /** Hot path of every protected route: a token that was verified before costs a map lookup. */
  authenticate(headers: IncomingHttpHeaders | Headers, info?: RequestInfo): Promise<Principal | null> {
    const token = bearerToken(headers)
    if (token === null) return withoutToken
    const known = this.#verifier.known?.(token) ?? null
    if (known !== null) return Promise.resolve(known)
    if (info === undefined) return this.#verifier.verify(token)
    const client = this.#control.client(info.remoteAddress, headerOf(headers, 'x-forwarded-for'))
    return trial(this.#control, client, () => this.#verifier.verify(token))
  }
}
