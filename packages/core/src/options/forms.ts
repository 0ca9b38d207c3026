import { z } from 'zod'
import { isLoopbackUrl } from '../origin-policy.ts'

/** A form that a setting may have: what to tell a person who got it wrong, and the schema that knows. */
export interface Form<T> {
  /** Completes "expected …". */
  readonly accepts: string
  /** Takes the value from code and the text from the environment alike. */
  readonly schema: z.ZodType<T>
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

const isOrigin = (text: string) => isHttpUrl(text) && new URL(text).origin === text.replace(/\/$/, '')

export const flag: Form<boolean> = {
  accepts: 'True or False',
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
  return { accepts: `a whole number${unit ? ` of ${unit}` : ''} from ${min} to ${max}`, schema: fromText }
}

export const text: Form<string> = { accepts: 'a text that is not empty', schema: z.string().trim().min(1) }

export function choice<const T extends string>(...values: readonly [T, ...T[]]): Form<T> {
  return { accepts: values.map((value) => `"${value}"`).join(' or '), schema: z.enum(values) }
}

export const httpUrl: Form<string> = {
  accepts: 'an address such as https://app.example (https, or http on this machine; no query)',
  schema: z
    .string()
    .trim()
    .refine((value) => isHttpUrl(value) && (value.startsWith('https:') || isLoopbackUrl(value)))
    .transform((value) => value.replace(/\/+$/, '')),
}

/** Exact, since providers compare it exactly (S09). */
export const redirectUri: Form<string> = {
  accepts: 'an address such as https://app.example/api/auth/google/callback (https, or http on this machine)',
  schema: z
    .string()
    .trim()
    .refine((value) => isHttpUrl(value) && (value.startsWith('https:') || isLoopbackUrl(value))),
}

export const origins: Form<string[]> = {
  accepts: 'origins such as https://app.example, separated by commas, without a path',
  schema: commaList
    .refine((list) => list.every(isOrigin))
    .transform((list) => list.map((entry) => new URL(entry).origin)),
}

export const returnAddresses: Form<string[]> = {
  accepts: 'origins such as https://app.example or paths such as /welcome, separated by commas',
  schema: commaList.refine((list) => list.every((entry) => isOrigin(entry) || /^\/(?![/\\])/.test(entry))),
}

export const list: Form<string[]> = { accepts: 'a list, separated by commas', schema: commaList }

export const basePath: Form<string> = {
  accepts: 'a path such as /api',
  schema: z
    .string()
    .trim()
    .regex(/^(?:\/|(?:\/[A-Za-z0-9._~-]+)+\/?)?$/)
    .transform((value) => value.replace(/\/+$/, '')),
}

export const secrets: Form<string[]> = {
  accepts:
    'a random text of at least 32 characters (`openssl rand -base64 48`), or several separated by commas, the newest first',
  schema: commaList.refine((list) => list.length > 0 && list.every((secret) => secret.length >= 32)),
}

export const adminKey: Form<string> = {
  accepts: 'a random text of at least 16 characters without spaces',
  schema: z
    .string()
    .trim()
    .regex(/^\S{16,}$/),
}

export const redisUrl: Form<string> = {
  accepts: 'an address such as redis://host:6379',
  schema: z
    .string()
    .trim()
    .regex(/^rediss?:\/\//),
}

export const slackWebhook: Form<string> = {
  accepts:
    'the address of an incoming webhook, such as https://hooks.slack.com/services/… (https, or http on this machine)',
  schema: z
    .string()
    .trim()
    .refine((value) => isHttpUrl(value) && (value.startsWith('https:') || isLoopbackUrl(value))),
}

export const smtpUrl: Form<string> = {
  accepts: 'an address such as smtps://user:password@mail.example',
  schema: z
    .string()
    .trim()
    .refine((value) => URL.canParse(value) && /^smtps?:$/.test(new URL(value).protocol)),
}
