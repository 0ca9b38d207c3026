import { FocusError } from '../../common/errors.ts'

/**
 * Loads a package that only some applications need.
 *
 * @throws FocusError `missing_dependency` naming what to install
 */
export async function loadPeer<T>(name: string, transport: string, importer: () => Promise<T>): Promise<T> {
  try {
    return await importer()
  } catch (error) {
    throw new FocusError(
      'missing_dependency',
      `The transport ${transport} needs the package ${name}, which cannot be loaded.`,
      {
        hint: `Run \`npm install ${name}\`.`,
        cause: error,
      },
    )
  }
}
