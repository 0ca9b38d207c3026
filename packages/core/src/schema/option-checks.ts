import { FocusError } from '../common/errors.ts'
import { misspelt } from '../common/text/nearest.ts'
import { count, type Form } from './option-forms.ts'
import { shorten } from '../common/text/shorten.ts'

/** Options by name. Each has a form or is a group of further options. */
export interface OptionGroup {
  readonly members: Readonly<Record<string, OptionShape>>
  /** A value that is accepted in place of the group, such as `false`. */
  readonly instead?: Form<unknown>
  /** Members that must be set. */
  readonly required: readonly string[]
}

export type OptionShape = Form<unknown> | OptionGroup

/**
 * Returns the shape of an options object. A member of the type without a form does not compile.
 *
 * @example
 * ```ts
 * group<NonNullable<FocusOptions['oauth']>>({ enabled: flag, requireIss: yesOrNo, refreshDelivery: choice('body', 'cookie') })
 * ```
 */
export function group<T extends object>(
  members: { readonly [K in keyof T]-?: OptionShape },
  {
    instead,
    required = [],
  }: { readonly instead?: Form<unknown>; readonly required?: readonly (keyof T & string)[] } = {},
): OptionGroup {
  return { members, required, ...(instead === undefined ? {} : { instead }) }
}

/** Returns the shape of limits that are whole numbers of 1 or more, with the names of the defaults. */
export function counts(defaults: object): OptionGroup {
  return group<Record<string, number>>(Object.fromEntries(Object.keys(defaults).map((name) => [name, count()])))
}

/**
 * Refuses unknown names and wrong values, all of them in one error. `undefined` and `null` count as not set.
 *
 * @param where prefix of every path, such as `google`; empty for the options of `createFocus`
 * @throws FocusError `invalid_option`; the message names each option and the accepted form, never a secret
 */
export function checkOptions(options: unknown, shape: OptionGroup, where = ''): void {
  const problems =
    options === undefined && shape.required.length === 0 ? [] : problemsOf(options ?? {}, shape, where, shape)
  if (problems.length === 0) return
  throw new FocusError('invalid_option', problems.map(({ text }) => text).join(' '), {
    hint: `Correct ${[...new Set(problems.map(({ path }) => path))].join(', ')} and start again; docs/environment.md lists every option.`,
  })
}

/**
 * Checks options with {@link checkOptions} and returns them without the members that are null.
 *
 * @throws FocusError `invalid_option`
 */
export function checkedOptions<T>(options: T, shape: OptionGroup, where = ''): T {
  checkOptions(options, shape, where)
  return withoutNulls(options, shape)
}

/** Returns the options without members that are null. Values other than objects are returned unchanged. */
function withoutNulls<T>(options: T, shape: OptionShape): T {
  if (isForm(shape) || typeof options !== 'object' || options === null || Array.isArray(options)) return options
  const given = Object.entries(options).filter(([, value]) => value !== null)
  const kept = given.map(([name, value]): [string, unknown] => {
    const member = Object.hasOwn(shape.members, name) ? shape.members[name] : undefined
    return [name, member === undefined ? value : withoutNulls(value, member)]
  })
  return Object.fromEntries(kept) as T
}

/** Returns the paths of all options, such as `websocket.enabled`, with their forms. */
export function optionPaths(shape: OptionGroup, where = ''): Map<string, Form<unknown>> {
  const found = new Map<string, Form<unknown>>()
  for (const [name, member] of Object.entries(shape.members)) {
    const path = join(where, name)
    if (isForm(member)) found.set(path, member)
    else for (const [inner, form] of optionPaths(member, path)) found.set(inner, form)
  }
  return found
}

/** Returns a value as messages quote it. Objects and lists are named only, because they may contain a secret. */
export function describeValue(value: unknown): string {
  if (value === undefined) return 'nothing'
  if (typeof value === 'function') return 'a function'
  if (typeof value === 'symbol') return 'a symbol'
  if (typeof value === 'bigint') return `${value}n`
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value)
  if (Array.isArray(value) && !value.every((entry) => typeof entry === 'string')) return 'a list'
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return 'an object'
  const text = JSON.stringify(value).replaceAll(/\/\/[^/@"]*@/g, '//***@')
  return shorten(text, 120)
}

interface Problem {
  readonly path: string
  readonly text: string
}

function problemsOf(value: unknown, shape: OptionShape, path: string, root: OptionGroup): Problem[] {
  if (value === undefined || value === null) return []
  if (isForm(shape)) return formProblems(value, shape, path)
  if (shape.instead?.schema.safeParse(value).success) return []
  const names = Object.keys(shape.members)
  if (typeof value !== 'object' || Array.isArray(value)) {
    const form = `${shape.instead ? `${shape.instead.accepts} or ` : ''}an object with ${names.join(', ')}`
    // A text in place of a group may be a secret that belongs one level deeper.
    const got = typeof value === 'string' ? 'a string' : describeValue(value)
    return [{ path: path || 'options', text: `${path || 'options'}: expected ${form}, got ${got}.` }]
  }
  const given = Object.entries(value)
  const unknown = given
    .filter(([name]) => !Object.hasOwn(shape.members, name))
    .map(([name]) => unknownOption(name, path, names, root))
  const missing = shape.required
    .filter((name) => Reflect.get(value, name) === undefined || Reflect.get(value, name) === null)
    .map((name) => ({ path: join(path, name), text: `${join(path, name)}: missing; expected ${formOf(shape, name)}.` }))
  const inner = given.flatMap(([name, entry]) => {
    const member = Object.hasOwn(shape.members, name) ? shape.members[name] : undefined
    return member === undefined ? [] : problemsOf(entry, member, join(path, name), root)
  })
  return [...unknown, ...missing, ...inner]
}

function formProblems(value: unknown, { schema, accepts, secret = false }: Form<unknown>, path: string): Problem[] {
  const result = schema.safeParse(value)
  if (result.success) return []
  // The issue of a form with several parts names the part that is wrong.
  const keys = result.error.issues[0]?.path ?? []
  const at = [path, ...keys.map(String)].join('.')
  const got = secret ? 'another form' : describeValue(memberAt(value, keys))
  return [{ path: at, text: `${at}: expected ${accepts}, got ${got}.` }]
}

function memberAt(value: unknown, keys: readonly PropertyKey[]): unknown {
  return keys.reduce<unknown>((owner, key) => (owner instanceof Object ? Reflect.get(owner, key) : owner), value)
}

function unknownOption(name: string, path: string, names: readonly string[], root: OptionGroup): Problem {
  const near = misspelt(name, names)
  const sameName = [...optionPaths(root).keys()].find((known) => known.split('.').at(-1) === name)
  const meant = near === null ? sameName : join(path, near)
  const advice = meant === undefined ? `known are ${names.join(', ')}.` : `did you mean ${meant}?`
  return { path: join(path, name), text: `${join(path, name)}: is not an option; ${advice}` }
}

function formOf(shape: OptionGroup, name: string): string {
  const member = shape.members[name]
  return member !== undefined && isForm(member) ? member.accepts : 'an object'
}

function isForm(shape: OptionShape): shape is Form<unknown> {
  return 'schema' in shape
}

function join(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`
}
