import { rename, rm, writeFile } from 'node:fs/promises'

/**
 * Writes a file that only its owner can read (mode 600). The write is atomic, and a looser mode of an existing file is
 * not kept.
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
