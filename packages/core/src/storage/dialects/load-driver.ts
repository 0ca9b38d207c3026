import { FocusError } from '../../common/errors.ts'

/**
 * Imports a module that needs an optional package.
 *
 * @throws FocusError `missing_dependency`
 */
export async function loadDriver<T>(packageName: string, importer: () => Promise<T>): Promise<T> {
  try {
    return await importer()
  } catch (error) {
    throw new FocusError(
      'missing_dependency',
      `DATABASE_URL needs the package ${packageName}, which cannot be loaded.`,
      {
        hint: `Run \`npm install ${packageName}\`.`,
        cause: error,
      },
    )
  }
}
