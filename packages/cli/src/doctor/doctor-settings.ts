import { createFocus, FocusError, type FocusOptions, type Logger } from '@focus-api/core'
import { failed, type Finding, ok, warning } from './finding.ts'

/** Checks that `createFocus` accepts the settings, by calling it with a database in memory. */
export async function checkSettings(options: FocusOptions, env: NonNullable<FocusOptions['env']>): Promise<Finding[]> {
  const warnings: string[] = []
  const logger: Logger = { debug: ignore, info: ignore, error: ignore, warn: (message) => void warnings.push(message) }
  const { DATABASE_URL: _url, ...rest } = env
  try {
    const focus = await createFocus({
      ...options,
      env: { ...rest, FOCUS_SECRET: rest.FOCUS_SECRET ?? 'x'.repeat(32) },
      database: 'sqlite::memory:',
      logger,
    })
    await focus.close()
  } catch (error) {
    if (!(error instanceof FocusError)) throw error
    return [failed('settings', error.message, error.hint ?? 'Correct the setting.')]
  }
  if (warnings.length > 0) return warnings.map((message) => warning('settings', message, 'Correct or remove it.'))
  return [ok('settings', 'every setting is valid')]
}

const ignore = () => undefined
