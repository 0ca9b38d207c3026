import { z } from 'zod'
import { createClientAddressFinder } from '../net/addresses/client-address.ts'
import { durationMs } from './duration.ts'
import { ownLanguage } from '../common/text/locale.ts'
import { isLoopbackUrl, normalUrl } from '../net/urls.ts'

/** The form of an option: words for the error message, and the schema that checks a value. */
export interface Form<T> {
  /** Completes "expected …". */
  readonly accepts: string
  /** Accepts the value from code and the text from the environment. */
  readonly schema: z.ZodType<T>
  /** Keeps the value out of error messages. */
  readonly secret?: boolean
  /** The form in a few words of Markdown, for the page of settings. */
  readonly short?: string
}

const commaList = z.preprocess(
  (value) =>
    typeof value === 'string'
      ? value
          .split(',')
          .map((part) => part.trim())
          .filter(Boolean)
      : value,
  z.array(z.string().min(1)),
)

function isHttpUrl(text: string): boolean {
  if (!URL.canParse(text)) return false
  const { protocol, username, password, hash, search } = new URL(text)
  return (protocol === 'https:' || protocol === 'http:') && !username && !password && !hash && !search
}

const isSecureUrl = (text: string) => isHttpUrl(text) && (/^https:/i.test(text) || isLoopbackUrl(text))
const isOrigin = (text: string) => isHttpUrl(text) && new URL(text).pathname === '/' && !text.includes('*')
/** Returns an origin as browsers write it: the host in lower case and ASCII, no default port, no slash at the end. */
const toOrigin = (text: string) => new URL(normalUrl(text)).origin

export const flag: Form<boolean> = {
  accepts: 'True or False',
  short: '`True` or `False`',
  schema: z.union([
    z.boolean(),
    z.stringbool({ truthy: ['true', '1', 'yes', 'on'], falsy: ['false', '0', 'no', 'off'] }),
  ]),
}

export function whole(unit: string, min: number, max: number): Form<number> {
  const fromText = z.preprocess(
    (value) => (typeof value === 'string' && /^\d+$/.test(value.trim()) ? Number(value) : value),
    z.int().min(min).max(max),
  )
  return { ...numberWords(unit, min, max), schema: fromText }
}

/** A whole number in code. Unlike {@link whole} it refuses a string such as "3600". */
export function count(unit = '', min = 1, max = Number.MAX_SAFE_INTEGER): Form<number> {
  return { ...numberWords(unit, min, max), schema: z.int().min(min).max(max) }
}

function numberWords(unit: string, min: number, max: number): Pick<Form<number>, 'accepts' | 'short'> {
  const isOpen = max === Number.MAX_SAFE_INTEGER
  const range = isOpen ? `from ${min} on` : `from ${min} to ${max}`
  const short = isOpen ? `${min} or more` : `${min.toLocaleString('en')} to ${max.toLocaleString('en')}`
  return {
    accepts: `a whole number${unit ? ` of ${unit}` : ''} ${range}`,
    short: `${short}${unit ? ` ${unit}` : ''}`,
  }
}

/** Accepts seconds and returns milliseconds. */
export function asMilliseconds(seconds: Form<number>): Form<number> {
  return { ...seconds, schema: seconds.schema.transform((value) => value * 1_000) }
}

export const text: Form<string> = { accepts: 'a non-empty string', schema: z.string().trim().min(1) }

export const secretText: Form<string> = { ...text, secret: true }

export const texts: Form<readonly string[]> = {
  accepts: 'a list of non-empty strings',
  schema: z.array(z.string().min(1)),
}

export const textOrTexts: Form<string | readonly string[]> = {
  accepts: 'a non-empty string, or a list of them',
  schema: z.union([z.string().min(1), z.array(z.string().min(1)).min(1)]),
}

/** A boolean in code. Unlike {@link flag} it refuses a string such as "false". */
export const yesOrNo: Form<boolean> = { accepts: 'true or false', short: '`true` or `false`', schema: z.boolean() }

export const off: Form<false> = { accepts: 'false', schema: z.literal(false) }

export function functionOf<T extends (...parameters: never[]) => unknown>(): Form<T> {
  return { accepts: 'a function', schema: z.custom<T>((value) => typeof value === 'function') }
}

export const callback = functionOf()

/** An object of the application that has these methods; other members are ignored. */
export function objectWith<T extends object>(...methods: readonly (keyof T & string)[]): Form<T> {
  return {
    accepts: `an object with ${methodWords(methods)}`,
    schema: z.custom<T>((value) => hasMethods(value, methods)),
  }
}

/** A list of objects with a name and these methods, such as providers and transports. */
export function namedObjectsWith<T extends { readonly name: string }>(
  examples: string,
  ...methods: readonly (keyof T & string)[]
): Form<readonly T[]> {
  return {
    accepts: `${examples}, or objects with a name and ${methodWords(methods)}, in a list`,
    schema: z.array(
      z.custom<T>((value) => hasMethods(value, methods) && typeof Reflect.get(Object(value), 'name') === 'string'),
    ),
  }
}

function methodWords(methods: readonly string[]): string {
  return `the ${methods.length === 1 ? 'method' : 'methods'} ${methods.join(', ')}`
}

export function record<T>(accepts: string, entry: z.ZodType<T>): Form<Record<string, T>> {
  // zod accepts plain objects only, which `process.env` is not.
  const copy = (value: unknown) => (isRecord(value) ? { ...value } : value)
  return { accepts, schema: z.preprocess(copy, z.record(z.string(), entry)) }
}

export function choice<const T extends string>(...values: readonly [T, ...T[]]): Form<T> {
  const listed = (quote: string) => values.map((value) => `${quote}${value}${quote}`).join(' or ')
  return { accepts: listed('"'), short: listed('`'), schema: z.enum(values) }
}

/** A language of the built-in texts; `fr_FR` and `en-GB` name one too. */
export const ownLanguages: Form<'fr' | 'en'> = {
  accepts: '"fr" or "en"',
  short: '`fr` or `en`',
  schema: z.preprocess((value) => ownLanguage(value) ?? value, z.enum(['fr', 'en'])),
}

/** An address, normalised: the host in lower case and ASCII, no default port, no slash at the end. */
export const httpUrl: Form<string> = {
  accepts: 'an address such as https://app.example (https, or http on this machine; no query)',
  schema: z
    .string()
    .trim()
    .refine(isSecureUrl)
    .transform((value) => normalUrl(value).replace(/\/+$/, '')),
}

/** An issuer. It is not normalised, because issuers are compared exactly (OpenID Connect Discovery §4.3). */
export const issuer: Form<string> = {
  accepts: 'an address such as https://login.example.com (https, or http on this machine; no query)',
  schema: z
    .string()
    .trim()
    .refine(isSecureUrl)
    .transform((value) => value.replace(/\/+$/, '')),
}

/** A redirect URI, unchanged, because providers compare it exactly with the registered one (S09). */
export const redirectUri: Form<string> = {
  accepts: 'an address such as https://app.example/api/auth/google/callback (https, or http on this machine)',
  schema: z.string().trim().refine(isSecureUrl),
}

/** The key set of another issuer. Unlike other addresses it may have a query. */
export const jwksUri: Form<string> = {
  accepts: 'an address such as https://login.example.com/jwks (https, or http on this machine)',
  schema: z.string().refine((value) => URL.canParse(value) && (/^https:/i.test(value) || isLoopbackUrl(value))),
}

export const origins: Form<string[]> = {
  accepts: 'origins such as https://app.example, separated by commas, without a path',
  schema: commaList.refine((list) => list.every(isOrigin)).transform((list) => list.map(toOrigin)),
}

export const returnAddresses: Form<string[]> = {
  accepts: 'origins such as https://app.example or paths such as /welcome, separated by commas',
  schema: commaList
    .refine((list) => list.every((entry) => isOrigin(entry) || /^\/(?![/\\])/.test(entry)))
    .transform((list) => list.map((entry) => (entry.startsWith('/') ? entry : toOrigin(entry)))),
}

/** The reverse proxies in front of the server. */
export const proxies: Form<string[]> = {
  accepts:
    'addresses or CIDR ranges such as 10.0.0.7 or 10.0.0.0/8, or `loopback`, `private` or `unix`, separated by commas',
  schema: commaList.refine((list) => succeeds(() => createClientAddressFinder(list))),
}

/** A duration in code, in milliseconds or as text; returns milliseconds. */
export const duration: Form<number> = {
  accepts: 'milliseconds, or a string such as 30s, 5m, 2h or 1d; a year at most',
  short: 'milliseconds, or a string such as `30s`, `5m`, `2h` or `1d`',
  schema: z
    .union([z.number(), z.string()])
    .refine((value) => succeeds(() => durationMs('duration', value)))
    .transform((value) => durationMs('duration', value)),
}

export const basePath: Form<string> = {
  accepts: 'a path such as /api',
  schema: z
    .string()
    .trim()
    .regex(/^(?:\/|(?:\/[A-Za-z0-9._~-]+)+\/?)?$/)
    .transform((value) => value.replace(/\/+$/, '')),
}

export const secrets: Form<string[]> = {
  secret: true,
  accepts:
    'a random string of at least 32 characters (`openssl rand -base64 48`), or several separated by commas, the newest first',
  schema: commaList.refine((list) => list.length > 0 && list.every((secret) => secret.length >= 32)),
}

/** Secrets in code, where a comma belongs to the secret. */
export const sharedSecrets: Form<string | readonly string[]> = {
  accepts: 'a random string of at least 32 characters, or a list of them, the newest first',
  secret: true,
  schema: z.union([z.string().min(32), z.array(z.string().min(32)).min(1)]),
}

export const adminKey: Form<string> = {
  secret: true,
  accepts: 'a random string of at least 16 characters without spaces',
  schema: z
    .string()
    .trim()
    .regex(/^\S{16,}$/),
}

export const redisUrl: Form<string> = {
  secret: true,
  accepts:
    'an address such as redis://host:6379, rediss://host:6379, redis+sentinel://host:26379,host:26379/master or redis+cluster://host:6379,host:6379',
  schema: z
    .string()
    .trim()
    .regex(/^rediss?(\+(sentinel|cluster))?:\/\/./i),
}

export const slackWebhook: Form<string> = {
  secret: true,
  accepts:
    'the address of an incoming webhook, such as https://hooks.slack.com/services/… (https, or http on this machine)',
  schema: z.string().trim().refine(isSecureUrl),
}

export const smtpUrl: Form<string> = {
  secret: true,
  accepts: 'an address such as smtps://user:password@mail.example',
  schema: z
    .string()
    .trim()
    .refine((value) => URL.canParse(value) && /^smtps?:$/.test(new URL(value).protocol)),
}

function isRecord(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function hasMethods(value: unknown, methods: readonly string[]): boolean {
  return (
    typeof value === 'object' &&
    value !== null &&
    methods.every((method) => typeof Reflect.get(value, method) === 'function')
  )
}

function succeeds(work: () => unknown): boolean {
  try {
    work()
    return true
  } catch {
    return false
  }
}
