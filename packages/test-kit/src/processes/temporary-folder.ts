import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const folders = new Set<string>()

process.once('exit', () => {
  for (const folder of folders) removeFolder(folder)
})

/** Creates an empty folder, which is removed by `removeFolder` or when this process ends. */
export function temporaryFolder(label: string): string {
  const folder = mkdtempSync(join(tmpdir(), `focus-${label}-`))
  folders.add(folder)
  return folder
}

export function removeFolder(folder: string): void {
  folders.delete(folder)
  // A server that was just killed may still write its last file.
  rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 })
}
