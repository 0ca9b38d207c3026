import type { IncomingHttpHeaders } from 'node:http'
import type { AdmissionControl } from '../admission/admission-control.ts'
import { trial } from '../admission/trial.ts'
import { bearerToken } from '../common/bearer.ts'
import type { Principal, TokenVerifier } from '../auth/ports.ts'
import { headerOf } from './request/headers.ts'
import type { RequestInfo } from './route.ts'

const nobody: Promise<null> = Promise.resolve(null)

/** The tokens of the host's own routes, within the budgets that those of our routes have. */
export class HostTokens {
  readonly #control: AdmissionControl
  readonly #verifier: TokenVerifier

  constructor(control: AdmissionControl, verifier: TokenVerifier) {
    this.#control = control
    this.#verifier = verifier
  }

  /** The hot path of every protected route: a token that was seen before asks nobody. */
  authenticate(headers: IncomingHttpHeaders | Headers, info?: RequestInfo): Promise<Principal | null> {
    const token = bearerToken(headers)
    if (token === null) return nobody
    const known = this.#verifier.known?.(token) ?? null
    if (known !== null) return Promise.resolve(known)
    if (info === undefined) return this.#verifier.verify(token)
    const client = this.#control.client(info.remoteAddress, headerOf(headers, 'x-forwarded-for'))
    return trial(this.#control, client, () => this.#verifier.verify(token))
  }
}
