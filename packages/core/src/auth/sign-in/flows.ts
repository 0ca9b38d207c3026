import { FocusError } from '../../common/errors.ts'
import { type OpenedSecret, SingleUseSecrets, type SingleUseSecretsOptions } from '../../secrets/single-use-secrets.ts'
import type { AuthConfig } from '../auth-config.ts'
import { type Flow, flowSchema, flowToJson } from './flow.ts'
import { checkReturnTo } from './return-to.ts'

export type Sealing = Pick<SingleUseSecretsOptions<unknown>, 'sealer' | 'store' | 'clock'>

/** Sign-in flows, which travel sealed in `state`: starting one writes nothing, and reading one asks no database. */
export class Flows {
  readonly #config: AuthConfig
  readonly #secrets: SingleUseSecrets<Flow>
  readonly #clock: Sealing['clock']
  readonly #ownOrigin: string | null

  constructor(config: AuthConfig, sealing: Sealing) {
    this.#config = config
    this.#secrets = new SingleUseSecrets({ ...sealing, kind: 'flow', schema: flowSchema })
    this.#clock = sealing.clock
    this.#ownOrigin = config.publicUrl === null ? null : new URL(config.publicUrl).origin
  }

  /** Returns the `state` of a new flow. */
  issue(flow: Flow): string {
    return this.#secrets.issue(flowToJson(flow), this.#clock() + this.#config.flowTtlSeconds * 1_000)
  }

  /**
   * Opens the flow of a state, expired or not. Returns null for a state that this installation did not issue, that belongs to
   * another provider (S08), or whose page is no longer allowed (S10).
   */
  open(provider: string, state: string): OpenedSecret<Flow> | null {
    const opened = this.#secrets.open(state)
    return opened?.content.provider === provider && this.#isAllowed(opened.content) ? opened : null
  }

  /** Consumes a flow. Of several calls exactly one returns true (S02). */
  async use(opened: OpenedSecret<Flow>): Promise<boolean> {
    return await this.#secrets.use(opened)
  }

  /**
   * Returns the normal form of an address where a sign-in may end (S10).
   *
   * @throws FocusError `return_to_not_allowed`
   */
  checkReturnTo(address: string): string {
    return checkReturnTo(address, this.#config.returnTo, this.#ownOrigin)
  }

  /** Returns the same, and null for an address that is not allowed. */
  allowedReturnTo(address: string): string | null {
    try {
      return this.checkReturnTo(address)
    } catch (error) {
      if (error instanceof FocusError) return null
      throw error
    }
  }

  /** A state can be kept for years, so its addresses must still be allowed by the present configuration. */
  #isAllowed({ returnTo, origin }: Flow): boolean {
    return (
      (returnTo === null || this.allowedReturnTo(returnTo) === returnTo) &&
      (origin === null || this.#config.origins.allows(origin))
    )
  }
}
