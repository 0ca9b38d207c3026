import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { FocusOptions } from '@focus-api/core'
import { type CommandContext, hasCode } from '../terminal/context.ts'
import { CommandFailure } from '../terminal/failure.ts'

/**
 * The default export of `focus.config.ts`: the options of `createFocus`, and the address of the server for the command
 * line. Flags and environment variables override it.
 */
export interface FocusConfig extends FocusOptions {
  /**
   * Address of the running server, for commands such as `focus notify` (default: `publicUrl`). Environment:
   * `FOCUS_URL`.
   */
  readonly url?: string
}

/**
 * Types the configuration in `focus.config.ts`.
 *
 * @example
 * ```ts
 * import { defineConfig } from '@focus-api/cli'
 *
 * export default defineConfig({ publicUrl: 'https://app.example', database: 'mysql://focus@db/focus' })
 * ```
 */
export function defineConfig(config: FocusConfig): FocusConfig {
  return config
}

const names = ['focus.config.ts', 'focus.config.mts', 'focus.config.js', 'focus.config.mjs']

/**
 * Loads the configuration of the folder; empty when there is none. Options that the environment overrides are not
 * checked.
 *
 * @throws CommandFailure `invalid_config` for a file that cannot be read, `invalid_option` for an unknown option or a wrong value
 */
export async function loadConfig({ cwd, env }: Pick<CommandContext, 'cwd' | 'env'>): Promise<FocusConfig> {
  const path = names.map((name) => join(cwd, name)).find((candidate) => existsSync(candidate))
  if (path === undefined) return {}
  let module: { readonly default?: unknown }
  try {
    module = await import(pathToFileURL(path).href)
  } catch (error) {
    throw new CommandFailure('invalid_config', `${path} cannot be loaded: ${firstLine(error)}`, {
      hint: hintOf(error),
      cause: error,
    })
  }
  const { default: config } = module
  if (typeof config === 'object' && config !== null && !Array.isArray(config)) {
    // The forms of all options take longer to load than most commands to run, and only a file needs them.
    const { checkedConfig } = await import('./focus-options.ts')
    return checkedConfig(config, path, env)
  }
  throw new CommandFailure('invalid_config', `${path} has no configuration as its default export.`, {
    hint: 'Write `export default defineConfig({ … })`, with defineConfig from @focus-api/cli.',
  })
}

function hintOf(error: unknown): string {
  const code = hasCode(error) ? error.code : undefined
  if (code === 'ERR_UNKNOWN_FILE_EXTENSION' || code === 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX')
    return `Node ${process.versions.node} must be able to strip the types: use erasable TypeScript, or name the file focus.config.js.`
  if (code === 'ERR_MODULE_NOT_FOUND' && firstLine(error).startsWith('Cannot find package'))
    return 'Install what it imports, such as `npm install --save-dev @focus-api/cli`.'
  return 'Correct the file and run the command again.'
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n', 1)[0] ?? ''
}
