import { rename, rm, writeFile } from 'node:fs/promises'

/**
 * Writes a file that its owner alone may read (mode 600), whole or not at all: a reader never sees half of it, and a
 * looser mode of an earlier file is not kept.
 */
export async function writePrivateFile(path: string, text: string): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`
  try {
    await writeFile(temporary, text, { mode: 0o600 })
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
}
