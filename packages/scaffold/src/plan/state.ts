import type { ManifestEntry } from '../write/manifest.ts'
import { mergeTexts } from './merge.ts'

/**
 * What becomes of a file.
 *
 * - `create`: it is not there yet
 * - `unchanged`: nothing to do, whether or not it was edited
 * - `update`: it is as we wrote it, and we would write it differently now
 * - `merge`: it was edited, and our changes fit in beside the edits
 * - `conflict`: they do not; ours goes to `<file>.focus-new` and the file stays
 * - `foreign`: it was there before us; only `--force` replaces it
 * - `deleted-by-user`: it was ours and was deleted; only `--restore` brings it back
 * - `orphan`: it was ours and is no longer part of what is generated; it stays
 */
export type FileState =
  | 'create'
  | 'unchanged'
  | 'update'
  | 'merge'
  | 'conflict'
  | 'foreign'
  | 'deleted-by-user'
  | 'orphan'

/** What is known of one file (or region of one) before anything is decided. Line ends are `\n` throughout. */
export interface Situation {
  /** Text in the working tree, undefined when there is none. */
  readonly disk: string | undefined
  /** The text we would write into an empty repository. */
  readonly rendered: string
  readonly entry: ManifestEntry | undefined
  /** Whether `<file>.focus-new` of an earlier conflict still lies there. */
  readonly conflictOpen: boolean
  readonly force: boolean
  readonly restore: boolean
  /** Whether a merge result may replace the file; see {@link FileState} `conflict`. */
  readonly accepts: (merged: string) => boolean
}

export interface Decision {
  readonly state: FileState
  /** Text to write to the file; absent when it stays as it is. */
  readonly write?: string
  /** The file holds something that `--force` throws away, so a copy is kept. */
  readonly keepCopy?: boolean
  /** Text for `<file>.focus-new`. */
  readonly conflictCopy?: string
  /** What the manifest says afterwards; absent for a file that is not ours. */
  readonly entry?: ManifestEntry
}

/** Decides for one file. Pure: the same situation always ends the same way. */
export function decide(situation: Situation): Decision {
  const { disk, rendered, entry, force } = situation
  const written = { write: rendered, entry: { base: rendered } }
  if (disk === undefined) {
    return entry === undefined || situation.restore
      ? { state: 'create', ...written }
      : { state: 'deleted-by-user', entry }
  }
  if (disk === rendered) return { state: 'unchanged', entry: { base: rendered } }
  if (entry === undefined) return force ? { state: 'update', keepCopy: true, ...written } : { state: 'foreign' }

  const base = ancestor(entry, situation.conflictOpen)
  if (rendered === base) return { state: 'unchanged', entry: { base } }
  if (disk === base) return { state: 'update', ...written }
  const merged = mergeTexts(disk, base, rendered)
  if (merged === disk) return { state: 'unchanged', entry: { base: rendered } }
  if (merged !== null && situation.accepts(merged)) return { state: 'merge', write: merged, entry: { base: rendered } }
  if (force) return { state: 'update', keepCopy: true, ...written }
  return { state: 'conflict', conflictCopy: rendered, entry: { base, pending: rendered } }
}

/** After a conflict the user settles it and deletes `<file>.focus-new`: what it proposed counts as seen from then on. */
function ancestor(entry: ManifestEntry, conflictOpen: boolean): string {
  return conflictOpen ? entry.base : (entry.pending ?? entry.base)
}
