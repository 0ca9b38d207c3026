import { FocusError } from '../../common/errors.ts'
import { refuseDeep } from '../content/nesting.ts'

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

interface SchemaIssue {
  readonly message: string
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined
}

/** The kinds of a param; a question mark makes it optional. */
export type ParamKind = 'string' | 'number' | 'boolean'

/** Params by name, for definitions that need no schema: `{ appName: 'string', percentage: 'number', note: 'string?' }`. */
export type ParamKinds = Readonly<Record<string, ParamKind | `${ParamKind}?`>>

/** The params of a definition: a schema, or kinds by name. */
export type ParamsSpec = ParamsSchema | ParamKinds

interface KindTypes {
  string: string
  number: number
  boolean: boolean
}

type RequiredKinds<Kinds> = { [K in keyof Kinds]: Kinds[K] extends ParamKind ? K : never }[keyof Kinds]
type OptionalKinds<Kinds> = Exclude<keyof Kinds, RequiredKinds<Kinds>>
type TypeOfKind<Kind> = Kind extends `${infer Name extends ParamKind}?`
  ? KindTypes[Name]
  : Kind extends ParamKind
    ? KindTypes[Kind]
    : never
type Flat<T> = { [K in keyof T]: T[K] }

type SchemaTypes<Spec> = Spec extends { readonly '~standard': { readonly types?: infer Types } }
  ? NonNullable<Types>
  : never

type KindParams<Spec> = Flat<
  { readonly [K in RequiredKinds<Spec>]: TypeOfKind<Spec[K]> } & {
    readonly [K in OptionalKinds<Spec>]?: TypeOfKind<Spec[K]>
  }
>

/** The params as a caller passes them. */
export type ParamsInput<Spec> = Spec extends ParamsSchema
  ? SchemaTypes<Spec> extends { readonly input: infer Input }
    ? Input
    : never
  : KindParams<Spec>

/** The params as a definition's functions receive them. */
export type ParamsOutput<Spec> = Spec extends ParamsSchema
  ? SchemaTypes<Spec> extends { readonly output: infer Output }
    ? Output
    : never
  : KindParams<Spec>

/**
 * Checks the params of one notification.
 *
 * @throws FocusError `invalid_notification` that names the param
 */
export function checkParams(name: string, spec: ParamsSpec, input: unknown): unknown {
  return isSchema(spec) ? checkBySchema(name, spec, input) : checkByKinds(name, spec, input)
}

function isSchema(spec: ParamsSpec): spec is ParamsSchema {
  return '~standard' in spec
}

function checkBySchema(name: string, schema: ParamsSchema, input: unknown): unknown {
  // Before the schema, which may call itself for each level.
  for (const [param, value] of Object.entries(Object(input) as object)) refuseDeep(`${name}: ${param}`, value)
  const result = schema['~standard'].validate(input)
  if (result instanceof Promise) {
    // Zod also returns a promise when a check throws. An unhandled rejection would end the process.
    result.catch(() => undefined)
    throw wrongParams(name, ['its schema throws or is asynchronous, which is not supported'])
  }
  if (result.issues !== undefined) throw wrongParams(name, result.issues.map(describeIssue))
  return result.value
}

function checkByKinds(name: string, kinds: ParamKinds, input: unknown): Readonly<Record<string, unknown>> {
  const params: Readonly<Record<string, unknown>> = Object.fromEntries(Object.entries(Object(input) as object))
  const wrong = Object.entries(kinds).flatMap(([param, kind]) => {
    const value = params[param]
    if (value === undefined) return kind.endsWith('?') ? [] : [`${param}: is missing`]
    const expected = kind.replace('?', '')
    const fits = typeof value === expected && (typeof value !== 'number' || Number.isFinite(value))
    return fits ? [] : [`${param}: expected ${expected}, got ${typeof value}`]
  })
  const unknown = Object.keys(params).filter((param) => !Object.hasOwn(kinds, param))
  if (wrong.length + unknown.length > 0) {
    throw wrongParams(name, [...wrong, ...unknown.map((param) => `${param}: is not a param of it`)])
  }
  return params
}

function describeIssue({ message, path }: SchemaIssue): string {
  const keys = (path ?? []).map((step) => String(typeof step === 'object' ? step.key : step))
  return keys.length === 0 ? message : `${keys.join('.')}: ${message}`
}

function wrongParams(name: string, issues: readonly string[]): FocusError {
  return new FocusError('invalid_notification', `${name}: ${issues.join('; ')}.`, {
    hint: 'Compare the params with the definition in the catalogue.',
  })
}
