import { chmodSync, mkdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { ScaffoldError } from '../common/scaffold-error.ts'

/** A file to write as a whole. */
export interface Write {
  readonly path: string
  readonly content: string
  readonly executable: boolean
}

/**
 * Writes all files, or none if possible: every text is on disk in a temporary file before the first rename, so that
 * readers never see a partial file.
 *
 * @throws ScaffoldError `write_failed`
 */
export function applyWrites(root: string, writes: readonly Write[], deletions: readonly string[]): void {
  const staged: { readonly from: string; readonly to: string }[] = []
  try {
    for (const write of writes) staged.push(stage(root, write))
    for (const { from, to } of staged) renameSync(from, to)
    for (const path of deletions) rmSync(join(root, path), { force: true })
  } catch (cause) {
    for (const { from } of staged) rmSync(from, { force: true })
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new ScaffoldError('write_failed', `A file could not be written: ${reason}`, {
      hint: 'Fix the cause and run the command again; files that were already written count as unchanged.',
      kind: 'failure',
      cause,
    })
  }
}

function stage(root: string, write: Write): { readonly from: string; readonly to: string } {
  const to = join(root, write.path)
  const from = join(dirname(to), `.${basename(to)}.focus-${process.pid}`)
  mkdirSync(dirname(to), { recursive: true })
  const mode = (statSync(to, { throwIfNoEntry: false })?.mode ?? 0o644) & 0o777
  writeFileSync(from, write.content, { flag: 'wx' })
  chmodSync(from, write.executable ? mode | 0o111 : mode)
  return { from, to }
}
