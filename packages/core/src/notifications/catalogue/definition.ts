import type { JsonObject } from '../../one-time.ts'
import type { NotificationType } from '../types.ts'

/**
 * The part of Standard Schema (https://standardschema.dev, version 1) that is used: zod, valibot, arktype and others
 * implement it.
 */
export interface ParamsSchema<Input = unknown, Output = Input> {
  readonly '~standard': {
    readonly version: 1
    readonly vendor: string
    readonly validate: (value: unknown) => SchemaResult<Output> | Promise<SchemaResult<Output>>
    readonly types?: { readonly input: Input; readonly output: Output } | undefined
  }
}

type SchemaResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly SchemaIssue[] }

export interface SchemaIssue {
  readonly message: string
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined
}

/** One text in each language that it exists in: ICU messages (`{count, plural, one {…} other {…}}`) over the params. */
export type LocalizedText = Readonly<Record<string, string>>

/** A kind of notification: its topic, its texts and the params that fill them. */
export interface Definition {
  /** The topic that subscriptions filter on. */
  readonly event?: string
  /** `info` when absent. */
  readonly type?: NotificationType
  readonly params: ParamsSchema
  readonly title: LocalizedText
  readonly message: LocalizedText
  /** What travels as `data`, from checked params; the params with snake_case names when absent. */
  data?(params: unknown): JsonObject
}

/** Definitions by name. */
export type Definitions = Readonly<Record<string, Definition>>

/** What a schema's definition takes. */
export type ParamsOf<D> = D extends { readonly params: { readonly '~standard': { readonly types?: infer Types } } }
  ? NonNullable<Types> extends { readonly input: infer Input }
    ? Input
    : never
  : never
