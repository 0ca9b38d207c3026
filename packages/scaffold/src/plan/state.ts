import type { ManifestEntry } from '../write/manifest.ts'
import { mergeTexts } from './merge.ts'

/**
 * The state of a file in a plan.
 *
 * - `create`: the file does not exist
 * - `unchanged`: nothing to write, whether or not the file was edited
 * - `update`: the file is unedited, and the generated text changed
 * - `merge`: the file was edited, and the new text can be merged
 * - `conflict`: the file was edited, and the new text cannot be merged; it goes to `<file>.focus-new`
 * - `foreign`: the file existed before `focus init`; only `--force` replaces it
 * - `deleted-by-user`: the user deleted a generated file; only `--restore` writes it again
 * - `orphan`: the file is no longer generated; it stays
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

/** The facts about one file (or region) that the decision depends on. Line ends are `\n`. */
export interface Situation {
  /** Text on disk; undefined when the file does not exist. */
  readonly disk: string | undefined
  /** The generated text. */
  readonly rendered: string
  readonly entry: ManifestEntry | undefined
  /** Whether `<file>.focus-new` of an earlier conflict still exists. */
  readonly conflictOpen: boolean
  readonly force: boolean
  readonly restore: boolean
  /** Returns whether a merge result may replace the file; otherwise the state is `conflict`. */
  readonly accepts: (merged: string) => boolean
}

export interface Decision {
  readonly state: FileState
  /** Text to write to the file; absent when the file stays unchanged. */
  readonly write?: string
  /** Whether `--force` replaces text of the user, so that a copy is kept. */
  readonly keepCopy?: boolean
  /** Text for `<file>.focus-new`. */
  readonly conflictCopy?: string
  /** Entry for the manifest; absent for a file that is not generated. */
  readonly entry?: ManifestEntry
}

/** Decides the state of one file. Pure. */
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

/** Returns the base of the next merge. Once the user has deleted `<file>.focus-new`, its text is the base. */
function ancestor(entry: ManifestEntry, conflictOpen: boolean): string {
  return conflictOpen ? entry.base : (entry.pending ?? entry.base)
}
