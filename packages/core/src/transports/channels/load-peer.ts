import { FocusError } from '../../common/errors.ts'

/**
 * Loads an optional package.
 *
 * @throws FocusError `missing_dependency` with the command that installs it
 */
export async function loadPeer<T>(name: string, transport: string, importer: () => Promise<T>): Promise<T> {
  try {
    return await importer()
  } catch (error) {
    throw new FocusError(
      'missing_dependency',
      `The transport ${transport} needs the package ${name}, which could not be loaded.`,
      {
        hint: `Run \`npm install ${name}\`.`,
        cause: error,
      },
    )
  }
}
