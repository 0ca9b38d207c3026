import { z } from 'zod'
import { FocusError } from '../../common/errors.ts'
import { group, type OptionGroup, type OptionShape } from '../../schema/option-checks.ts'
import * as forms from '../../schema/option-forms.ts'
import type { Form } from '../../schema/option-forms.ts'
import type { DnsOptions } from '../../net/addresses/name-resolver.ts'
import type { TransportSettings } from '../transport.ts'

/** Returns the `TransportSettings` among the options of a channel. */
export function settingsOf(options: TransportSettings): TransportSettings {
  const { concurrency, rate, timeoutMs, ordered, retry } = options
  return {
    ...(concurrency === undefined ? {} : { concurrency }),
    ...(rate === undefined ? {} : { rate }),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    ...(ordered === undefined ? {} : { ordered }),
    ...(retry === undefined ? {} : { retry }),
  }
}

export function invalidOption(message: string, hint?: string): FocusError {
  return new FocusError('invalid_option', `transports: ${message}`, hint === undefined ? {} : { hint })
}

const count = forms.count()
const milliseconds = forms.count('milliseconds')
const name: Form<string> = {
  accepts: '1 to 64 of a-z, 0-9, _ and -',
  schema: z.string().regex(/^[a-z0-9_-]{1,64}$/),
}

const settings = {
  name,
  concurrency: count,
  rate: group<NonNullable<TransportSettings['rate']>>({ count, perMs: milliseconds }, { required: ['count', 'perMs'] }),
  timeoutMs: milliseconds,
  ordered: forms.yesOrNo,
  retry: group<NonNullable<TransportSettings['retry']>>({
    baseMs: milliseconds,
    maxDelayMs: milliseconds,
    maxAttempts: count,
  }),
}

/** The forms of the options that several channels have. */
export const channelForms = {
  milliseconds,
  seconds: forms.count('seconds', 0),
  text: forms.text,
  texts: forms.texts,
  /** A secret text, such as a URL with a token. Errors never show it. */
  secretText: forms.secretText,
  yesOrNo: forms.yesOrNo,
  callback: forms.callback,
  headers: forms.record('an object of texts', z.string()),
  dns: group<DnsOptions>({
    servers: forms.texts,
    timeoutMs: milliseconds,
    hostsFile: { accepts: 'a path, or false', schema: z.union([forms.text.schema, forms.off.schema]) },
  }),
} as const

/** Returns the shape of a channel's options: its own, and those that every transport has. */
export function channelOptions<T extends TransportSettings & { readonly name?: string }>(
  own: { readonly [K in Exclude<keyof T, keyof typeof settings>]-?: OptionShape },
  required: readonly Exclude<keyof T, keyof typeof settings>[] = [],
): OptionGroup {
  return { members: { ...settings, ...own }, required: required.map(String) }
}
