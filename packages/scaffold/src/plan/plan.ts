import type { ManifestEntry } from '../write/manifest.ts'
import { marked, readDisk, splitAtRegion } from './disk.ts'
import { decide, type FileState } from './state.ts'
import type { Write } from '../write/apply-writes.ts'
import type { Region, RenderedFile } from '../render/render.ts'
import type { Repository } from '../common/repository.ts'
import { isSafeMerge } from '../validate/validate.ts'

/** What happens to one file, and everything needed to do it. */
export interface PlannedFile {
  readonly path: string
  readonly state: FileState
  readonly writes: readonly Write[]
  /** A settled `<file>.focus-new` that is still ours to remove. */
  readonly deletions: readonly string[]
  /** The whole file before and after, as it lies on disk; for the diff and the digest. */
  readonly before: string | undefined
  readonly after: string | undefined
  /** Where ours went, when it could not be merged. */
  readonly conflictCopy?: string
  readonly entry?: ManifestEntry
}

export interface PlanOptions {
  readonly force: boolean
  readonly restore: boolean
}

/**
 * Decides for one file, reading it and nothing else.
 *
 * @param rendered - texts of all generated files, which a merge is checked together with
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
  const lying = openCopy?.restoreStyle(openCopy.text)
  // One that was edited is the user's by now.
  const ours = isOurs(openCopy?.text, entry, view)
  const write = (at: string, content: string): Write => ({ path: at, content, executable: file.executable })
  return {
    path,
    // A region that goes into a file of the user's changes that file; it does not create it.
    state: decision.state === 'create' && disk !== undefined ? 'update' : decision.state,
    before,
    after,
    writes: [
      ...(after === undefined || after === before ? [] : [write(path, after)]),
      ...(decision.keepCopy === true && before !== undefined ? [write(freeName(repository, path), before)] : []),
      ...(copy !== undefined && copy !== lying && (lying === undefined || ours) ? [write(copyPath, copy)] : []),
    ],
    deletions: copy === undefined && ours ? [copyPath] : [],
    ...(copy === undefined ? {} : { conflictCopy: copyPath }),
    ...(decision.entry === undefined ? {} : { entry: decision.entry }),
  }
}

/** The part of a file that is decided about, and how it goes back into the whole. */
interface View {
  readonly mine: string | undefined
  readonly rendered: string
  readonly assemble: (part: string) => string
}

function wholeFile(file: RenderedFile, source: string | undefined): View {
  return { mine: source, rendered: file.text(''), assemble: (part) => part }
}

/** Undefined when there is nothing to put into the region and none there. */
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

/** `<file>.focus-old`, or the first with a number that is not taken: a copy that was kept stays kept. */
function freeName(repository: Repository, path: string): string {
  const name = (index: number) => `${path}.focus-old${index === 0 ? '' : `.${index}`}`
  let index = 0
  while (repository.has(name(index))) index++
  return name(index)
}

function isOurs(copy: string | undefined, entry: ManifestEntry | undefined, view: View): boolean {
  return copy !== undefined && entry?.pending !== undefined && copy === view.assemble(entry.pending)
}
