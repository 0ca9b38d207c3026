import { z } from 'zod'
import { group, type OptionGroup, type OptionShape } from '../../schema/option-checks.ts'
import * as forms from '../../schema/option-forms.ts'
import type { Form } from '../../schema/option-forms.ts'

/** Names of our own routes below `/auth/`. */
const reserved = new Set(['accounts', 'jwks.json', 'logout', 'logout_all', 'me', 'refresh', 'sessions', 'token'])

const name: Form<string> = {
  accepts: 'lower-case letters, digits and dashes, at most 64, and not the name of a route below /auth',
  schema: z.string().refine((text) => /^[a-z0-9][a-z0-9-]{0,63}$/.test(text) && !reserved.has(text)),
}

/** A private key as a JWK. */
const clientKey: Form<object> = {
  accepts: 'a private JWK with the kty RSA, EC or OKP',
  schema: z.looseObject({ kty: z.enum(['RSA', 'EC', 'OKP']), d: z.string().min(1) }),
  secret: true,
}

/** Forms of the options that providers have in common. */
export const providerForms = {
  name,
  clientId: forms.text,
  clientSecret: forms.secretText,
  clientKey,
  issuer: forms.issuer,
  redirectUri: forms.redirectUri,
  url: forms.httpUrl,
  texts: forms.texts,
  yesOrNo: forms.yesOrNo,
  timeoutMs: forms.count('milliseconds', 1, 600_000),
  authMethod: forms.choice('client_secret_basic', 'client_secret_post', 'private_key_jwt', 'none'),
} as const

/** Returns the option group of a provider. */
export function providerOptions<T extends object>(
  members: { readonly [K in keyof T]-?: OptionShape },
  required: readonly (keyof T & string)[],
): OptionGroup {
  return group<T>(members, { required })
}
