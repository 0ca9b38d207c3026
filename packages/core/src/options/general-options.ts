import { z } from 'zod'
import { debugNamespaces } from '../common/logging/debug.ts'
import type { Logger } from '../common/logging/logger.ts'
import type { Clock, RandomSource } from '../common/runtime.ts'
import * as forms from '../schema/option-forms.ts'
import type { Form } from '../schema/option-forms.ts'
import { optionTable } from '../schema/option-table.ts'

const logger: Form<Logger | false> = {
  accepts: 'an object with the methods debug, info, warn, error, or false',
  schema: z.union([forms.off.schema, forms.objectWith<Logger>('debug', 'info', 'warn', 'error').schema]),
}

const namespaces = debugNamespaces.map((name) => `\`${name}\``).join(', ')

/** The options that all rooms share. */
export const generalOptions = optionTable({
  locale: {
    path: 'locale',
    env: ['FOCUS_LOCALE'],
    form: forms.ownLanguages,
    default: 'fr',
    about: 'language of texts for users without a known language',
  },
  debug: {
    env: ['FOCUS_DEBUG'],
    form: forms.text,
    default: null,
    about: `parts of the library that trace their work, separated by commas (${namespaces}), or \`*\` for all`,
  },
  logger: {
    path: 'logger',
    form: logger,
    default: null,
    defaultText: 'warnings and errors on stderr',
    about: 'where log lines go, or `false`',
  },
  clock: {
    path: 'clock',
    form: forms.functionOf<Clock>(),
    default: null,
    defaultText: '`Date.now`',
    about: 'the time in milliseconds since 1970, for tests',
  },
  random: {
    path: 'random',
    form: forms.functionOf<RandomSource>(),
    default: null,
    defaultText: '`crypto.randomBytes`',
    about: 'source of unpredictable bytes, for tests',
  },
  fetch: {
    path: 'fetch',
    form: forms.functionOf<typeof globalThis.fetch>(),
    default: null,
    defaultText: '`globalThis.fetch`',
    about: 'sends outgoing requests, for tests',
  },
  env: {
    path: 'env',
    form: { ...forms.record('an object of texts, such as process.env', z.string().optional()), secret: true },
    default: null,
    defaultText: '`process.env`',
    about: 'variables to read instead of the process environment',
  },
})
