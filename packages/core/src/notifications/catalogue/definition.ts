import type { Duration } from '../../schema/duration.ts'
import type { JsonObject } from '../../common/json.ts'
import type { Escalation } from '../routing-port.ts'
import type { Rate } from '../policies/policy.ts'
import type { NotificationType } from '../ports.ts'
import type { ParamsOutput, ParamsSpec } from './params.ts'

/**
 * A text by language tag: ICU messages over the params, such as
 * `{count, plural, one {# new comment} other {# new comments}}`.
 */
export type LocalizedText = Readonly<Record<string, string>>

/** A kind of notification: its topic, its texts, the params that fill them, and its policies. */
export interface Definition<Spec extends ParamsSpec = ParamsSpec> {
  /** The topic that subscriptions filter on. */
  readonly event?: string
  /** `info` when absent. */
  readonly type?: NotificationType
  /** Kinds by name (`{ appName: 'string', percentage: 'number' }`) or a schema of zod, valibot, arktype and others. */
  readonly params: Spec
  readonly title: LocalizedText
  readonly message: LocalizedText
  /** Returns the `data` of the notification; the params with snake_case names when absent. */
  data?(params: ParamsOutput<Spec>): JsonObject
  readonly dedupe?: { readonly key: PolicyKey<Spec>; readonly window?: Duration }
  readonly group?: {
    readonly key: PolicyKey<Spec>
    readonly window?: Duration
    /** Texts for several merged notifications; they may use `count`. */
    readonly title?: LocalizedText
    readonly message?: LocalizedText
  }
  readonly rate?: Rate
  readonly critical?: boolean
  readonly transports?: readonly string[]
  readonly escalate?: readonly Escalation[]
}

/** A text that may hold params (`limit:{appName}`), or a function of them. */
export type PolicyKey<Spec extends ParamsSpec> = string | KeyFunction<Spec>['of']

/** Parameters of methods are bivariant, so that one list can hold definitions of different params. */
interface KeyFunction<Spec extends ParamsSpec> {
  of(params: ParamsOutput<Spec>): string
}

/** A catalogue that `defineNotifications` checked: definitions by name, each with the params that it takes. */
export type Catalogue<Specs extends Readonly<Record<string, ParamsSpec>>> = {
  readonly [Name in keyof Specs]: Definition<Specs[Name]>
}

/** Definitions by name. */
export type Definitions = Readonly<Record<string, Definition>>
