import type { z } from 'zod'
import type { JsonObject } from '../common/json.ts'
import type { SingleUseStore } from './single-use-port.ts'
import type { Clock } from '../common/runtime.ts'
import type { Sealer } from './sealer.ts'

export interface SingleUseSecretsOptions<Content> {
  /** The purpose of the secrets. A secret of one kind does not open as another. */
  readonly kind: string
  readonly schema: z.ZodType<Content>
  readonly sealer: Sealer
  readonly store: SingleUseStore
  readonly clock: Clock
}

/** A secret that this installation issued. */
export interface OpenedSecret<Content> {
  readonly secret: string
  readonly content: Content
  /** Milliseconds since 1970. */
  readonly expiresAt: number
  readonly expired: boolean
}

/** Clocks of nodes differ. A use must be remembered until no node accepts the secret any more. */
const clockMarginMs = 60_000

/**
 * Single-use secrets of one kind, which carry their content in sealed form. Issuing one costs no write, and a forged one costs
 * no query: the store records only uses.
 */
export class SingleUseSecrets<Content> {
  readonly #options: SingleUseSecretsOptions<Content>

  constructor(options: SingleUseSecretsOptions<Content>) {
    this.#options = options
  }

  /** Returns a new secret that carries `content`. */
  issue(content: JsonObject, expiresAt: number): string {
    const { sealer, kind } = this.#options
    return sealer.seal(kind, { content, expiresAt })
  }

  /** Returns the content of a secret, expired or not; null for a text that this installation did not issue. */
  open(secret: string): OpenedSecret<Content> | null {
    const { sealer, kind, schema, clock } = this.#options
    const opened = sealer.open(kind, secret)
    if (typeof opened !== 'object' || opened === null || Array.isArray(opened)) return null
    const { content, expiresAt } = opened
    const parsed = schema.safeParse(content)
    if (!parsed.success || typeof expiresAt !== 'number') return null
    return { secret, content: parsed.data, expiresAt, expired: clock() >= expiresAt }
  }

  /** Consumes a secret. Of several calls, on one node or many, exactly one returns true. */
  async use({ secret, expiresAt, expired }: OpenedSecret<Content>): Promise<boolean> {
    const { store, kind } = this.#options
    return !expired && (await store.claim(kind, secret, expiresAt + clockMarginMs))
  }
}
