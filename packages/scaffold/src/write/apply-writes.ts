import { chmodSync, mkdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { ScaffoldError } from '../common/scaffold-error.ts'

/** One file to be replaced as a whole. */
export interface Write {
  readonly path: string
  readonly content: string
  readonly executable: boolean
}

/**
 * Puts all files in place, or none where that can be helped: every text is on disk beside its place before the first
 * rename, and a reader never sees half a file.
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
      hint: 'Mend the cause and run it again; what was written already counts as unchanged.',
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
