import type { FocusOptions } from '@focus-api/core'
import { assertFocusOptions, withoutEnvironment } from '@focus-api/core/internal'
import type { Environment } from '../terminal/context.ts'
import { CommandFailure, toFailure } from '../terminal/failure.ts'
import type { FocusConfig } from './config-file.ts'

/** Returns the options of `createFocus` in the configuration, without those that the environment sets. */
export function focusOptionsOf({ url: _url, ...options }: FocusConfig, env: Environment): FocusOptions {
  return withoutEnvironment(options, env)
}

/**
 * Returns the configuration of the file if every option has the right form.
 *
 * @throws CommandFailure `invalid_option` for an unknown option or a wrong value
 */
export function checkedConfig(config: FocusConfig, path: string, env: Environment): FocusConfig {
  const { url } = config
  const wrongUrl = url !== undefined && (typeof url !== 'string' || !URL.canParse(url))
  if (wrongUrl) {
    throw new CommandFailure('invalid_option', 'url: expected an address such as http://localhost:8000.', {
      hint: `Correct it in ${path}.`,
    })
  }
  try {
    assertFocusOptions(focusOptionsOf(config, env))
  } catch (error) {
    const { code, message } = toFailure(error)
    throw new CommandFailure(code, message, { hint: `Correct ${path}.`, cause: error })
  }
  return config
}
