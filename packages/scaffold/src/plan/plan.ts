import type { ManifestEntry } from '../write/manifest.ts'
import { marked, readDisk, splitAtRegion } from './disk.ts'
import { decide, type FileState } from './state.ts'
import type { Write } from '../write/apply-writes.ts'
import type { Region, RenderedFile } from '../render/render.ts'
import type { Repository } from '../common/repository.ts'
import { isSafeMerge } from '../validate/validate.ts'

/** The plan for one file, with everything needed to carry it out. */
export interface PlannedFile {
  readonly path: string
  readonly state: FileState
  readonly writes: readonly Write[]
  /** The resolved `<file>.focus-new`, when the user did not edit it. */
  readonly deletions: readonly string[]
  /** The whole file on disk before and after the run, for the diff and the digest. */
  readonly before: string | undefined
  readonly after: string | undefined
  /** Path of the generated version, when it could not be merged. */
  readonly conflictCopy?: string
  readonly entry?: ManifestEntry
}

export interface PlanOptions {
  readonly force: boolean
  readonly restore: boolean
}

/**
 * Plans one file. Reads that file and its conflict copy only.
 *
 * @param rendered - texts of all generated files; a merge result is validated together with them
 */
export function planFile(
  repository: Repository,
  file: RenderedFile,
  entry: ManifestEntry | undefined,
  rendered: ReadonlyMap<string, string>,
  options: PlanOptions,
): PlannedFile {
  const disk = readDisk(repository.root, file.path)
  const view = file.region === undefined ? wholeFile(file, disk?.text) : regionOf(file, file.region, disk?.text)
  const copyPath = `${file.path}.focus-new`
  const openCopy = readDisk(repository.root, copyPath)
  const { path } = file
  const before = disk?.restoreStyle(disk.text)
  if (view === undefined) return { path, state: 'unchanged', writes: [], deletions: [], before, after: before }

  const decision = decide({
    disk: view.mine,
    rendered: view.rendered,
    entry,
    conflictOpen: openCopy !== undefined,
    force: options.force,
    restore: options.restore,
    accepts: (merged) => isSafeMerge(path, view.assemble(view.mine ?? ''), view.assemble(merged), rendered),
  })
  const style = disk?.restoreStyle ?? ((text: string) => text)
  const after = decision.write === undefined ? before : style(view.assemble(decision.write))
  const copy = decision.conflictCopy === undefined ? undefined : style(view.assemble(decision.conflictCopy))
  const existingCopy = openCopy?.restoreStyle(openCopy.text)
  // A conflict copy that was edited belongs to the user.
  const ours = isOurs(openCopy?.text, entry, view)
  const write = (at: string, content: string): Write => ({ path: at, content, executable: file.executable })
  return {
    path,
    // Inserting a region changes an existing file; it does not create one.
    state: decision.state === 'create' && disk !== undefined ? 'update' : decision.state,
    before,
    after,
    writes: [
      ...(after === undefined || after === before ? [] : [write(path, after)]),
      ...(decision.keepCopy === true && before !== undefined ? [write(freeName(repository, path), before)] : []),
      ...(copy !== undefined && copy !== existingCopy && (existingCopy === undefined || ours)
        ? [write(copyPath, copy)]
        : []),
    ],
    deletions: copy === undefined && ours ? [copyPath] : [],
    ...(copy === undefined ? {} : { conflictCopy: copyPath }),
    ...(decision.entry === undefined ? {} : { entry: decision.entry }),
  }
}

/** The part of a file that is planned, and how it goes back into the whole. */
interface View {
  readonly mine: string | undefined
  readonly rendered: string
  readonly assemble: (part: string) => string
}

function wholeFile(file: RenderedFile, source: string | undefined): View {
  return { mine: source, rendered: file.text(''), assemble: (part) => part }
}

/** Returns undefined when the region is empty and not in the file. */
function regionOf(file: RenderedFile, region: Region, source: string | undefined): View | undefined {
  if (source === undefined) {
    const rendered = file.text('')
    return { mine: undefined, rendered, assemble: (part) => region.frame(marked(part, region)) }
  }
  const { before, inside, after } = splitAtRegion(source, region)
  const rendered = file.text(before + after)
  if (inside === undefined) {
    if (rendered === '') return undefined
    return { mine: undefined, rendered, assemble: (part) => region.insert(source, marked(part, region)) }
  }
  return { mine: inside, rendered, assemble: (part) => before + marked(part, region) + after }
}

/** Returns `<file>.focus-old`, with the first free number if necessary: earlier copies are never overwritten. */
function freeName(repository: Repository, path: string): string {
  const name = (index: number) => `${path}.focus-old${index === 0 ? '' : `.${index}`}`
  let index = 0
  while (repository.has(name(index))) index++
  return name(index)
}

function isOurs(copy: string | undefined, entry: ManifestEntry | undefined, view: View): boolean {
  return copy !== undefined && entry?.pending !== undefined && copy === view.assemble(entry.pending)
}
