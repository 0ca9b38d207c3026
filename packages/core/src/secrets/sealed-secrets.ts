import type { z } from 'zod'
import type { JsonObject } from '../common/json.ts'
import type { SingleUseStore } from './single-use.ts'
import type { Clock } from '../common/runtime.ts'
import type { Sealer } from './sealing.ts'

export interface SealedSecretsOptions<Content> {
  /** What the secrets are for; one kind does not open as another. */
  readonly kind: string
  readonly schema: z.ZodType<Content>
  readonly sealer: Sealer
  readonly store: SingleUseStore
  readonly clock: Clock
}

/** A secret that this installation made. */
export interface OpenedSecret<Content> {
  readonly secret: string
  readonly content: Content
  /** In milliseconds since 1970. */
  readonly expiresAt: number
  readonly expired: boolean
}

/** Clocks of nodes differ: the one that forgets a use must not be early for one that still accepts the secret. */
const clockMarginMs = 60_000

/**
 * Secrets of one kind that carry what they stand for. Making one costs no write, and a text that was made up costs no
 * query: the store only learns which were used.
 */
export class SealedSecrets<Content> {
  readonly #options: SealedSecretsOptions<Content>

  constructor(options: SealedSecretsOptions<Content>) {
    this.#options = options
  }

  issue(content: JsonObject, expiresAt: number): string {
    const { sealer, kind } = this.#options
    return sealer.seal(kind, { content, expiresAt })
  }

  /** What a secret carries, whether it is still good or not; null for a text that was not made here. */
  open(secret: string): OpenedSecret<Content> | null {
    const { sealer, kind, schema, clock } = this.#options
    const opened = sealer.open(kind, secret)
    if (typeof opened !== 'object' || opened === null || Array.isArray(opened)) return null
    const { content, expiresAt } = opened
    const parsed = schema.safeParse(content)
    if (!parsed.success || typeof expiresAt !== 'number') return null
    return { secret, content: parsed.data, expiresAt, expired: clock() >= expiresAt }
  }

  /** Uses a secret up: of several calls, on one node or many, exactly one returns true. */
  async use({ secret, expiresAt, expired }: OpenedSecret<Content>): Promise<boolean> {
    const { store, kind } = this.#options
    return !expired && (await store.claim(kind, secret, expiresAt + clockMarginMs))
  }
}
