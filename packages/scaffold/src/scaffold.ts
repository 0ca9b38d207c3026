import type { Answers, Project, Target } from './common/project.ts'
import { targets as allTargets } from './common/project.ts'
import { type GitFacts, readGit } from './common/git.ts'
import { Repository } from './common/repository.ts'
import { ScaffoldError } from './common/scaffold-error.ts'
import { manifestPath, targetPaths } from './common/target-paths.ts'
import { version } from './common/version.ts'
import { detect } from './detect/detect.ts'
import { type PlannedFile, planFile } from './plan/plan.ts'
import { describeRun, type ScaffoldReport } from './plan/report.ts'
import { findOtherComposeFile, findReadme, warnAboutSurroundings } from './plan/surroundings.ts'
import { type RenderedFile, renderFiles } from './render/render.ts'
import { assertValid } from './validate/validate.ts'
import { applyWrites, type Write } from './write/apply-writes.ts'
import { type Manifest, type ManifestEntry, readManifest, writeManifest } from './write/manifest.ts'

/** Options of {@link scaffold}. Every flag is off by default. */
export interface ScaffoldOptions {
  /** What to write (default: everything). */
  readonly targets?: readonly Target[]
  /** Decisions that win over detection; they are stored in `.focus/ci.json` for the next run. */
  readonly answers?: Answers
  /** Reports what would be written, and writes nothing. */
  readonly dryRun?: boolean
  /** Like `dryRun`, with the outcome `drift` when something would be written. */
  readonly check?: boolean
  /** Adds a unified diff to every changed file of the report. */
  readonly diff?: boolean
  /** Replaces files that are foreign or in conflict; a copy stays as `<file>.focus-old`. */
  readonly force?: boolean
  /** Writes files again that the user deleted. */
  readonly restore?: boolean
  /** Called with the report before the first write; nothing is written unless it resolves to true. */
  readonly confirm?: (report: ScaffoldReport) => Promise<boolean>
}

/** `drift`: `check` found files to write. `conflict`: a file could not be merged and is left to the user. */
export type ScaffoldOutcome = 'done' | 'drift' | 'conflict'

/** The result of {@link scaffold}. */
export interface ScaffoldResult {
  readonly report: ScaffoldReport
  readonly outcome: ScaffoldOutcome
  /** False when nothing had to be written, nothing was allowed to be, or `confirm` said no. */
  readonly written: boolean
}

/**
 * Writes CI/CD files into a repository: detect, render, validate, plan, write. Nothing is touched before the last phase.
 *
 * @param root - the repository's root directory
 * @throws ScaffoldError when the repository or the options cannot be used, or a file cannot be written
 * @example
 * ```ts
 * const { report, outcome } = await scaffold('.', { targets: ['ci', 'docker'], dryRun: true })
 * for (const { path, state } of report.files) console.log(state, path)
 * ```
 */
export async function scaffold(root: string, options: ScaffoldOptions = {}): Promise<ScaffoldResult> {
  const targets = options.targets ?? allTargets
  const repository = new Repository(root)
  const git = readGit(repository.root)
  assertRepositoryRoot(repository, git)
  const manifest = readManifest(repository)
  const answers = { ...manifest.answers, ...options.answers }
  const project = detect(repository, git, answers)

  const files = renderApplicable(repository, manifest, project, answers)
  const rendered = new Map(files.filter((file) => file.region === undefined).map((file) => [file.path, file.text('')]))
  assertValid(rendered)

  const plan = planTargets(repository, manifest, files, rendered, { ...options, targets })
  const writes = [...plan.flatMap((file) => file.writes), ...planManifest(repository, manifest, answers, plan)]
  for (const { path } of writes) repository.assertWritable(path)

  const outcome = outcomeOf(plan, options.check === true)
  const report = {
    ok: outcome === 'done',
    ...(await describeRun({
      repository,
      manifest,
      project,
      plan,
      rendered,
      orphans: [...manifest.files.keys()].filter((path) => !isKnown(path, files) && isInScope(path, targets)),
      warnings: [
        ...warningsFor(project, targets),
        ...warnAboutSurroundings(repository, git, manifest, project, targets),
      ],
      withDiff: options.diff === true,
    })),
  }
  const deletions = plan.flatMap((file) => file.deletions)
  const mayWrite = options.dryRun !== true && options.check !== true && writes.length + deletions.length > 0
  const written = mayWrite && (options.confirm === undefined || (await options.confirm(report)))
  if (written) applyWrites(repository.root, writes, deletions)
  return { report, outcome, written }
}

/** GitHub reads workflows at the root of a repository only. */
function assertRepositoryRoot(repository: Repository, git: GitFacts): void {
  if (git.root !== null && git.root !== repository.root) {
    throw new ScaffoldError('not_the_root', `${repository.root} is inside the repository ${git.root}.`, {
      hint: `GitHub reads workflows at the root only: run \`focus init --cwd ${git.root}\`.`,
    })
  }
}

/** A second Compose file would take precedence over the user's own, so none is rendered where one exists. */
function renderApplicable(
  repository: Repository,
  manifest: Manifest,
  project: Project,
  answers: Answers,
): RenderedFile[] {
  const files = renderFiles(project, { domain: answers.domain ?? 'example.com', readme: findReadme(repository) })
  const otherCompose = findOtherComposeFile(repository)
  return files.filter(({ path }) => path !== 'compose.yaml' || otherCompose === undefined || manifest.files.has(path))
}

function planTargets(
  repository: Repository,
  manifest: Manifest,
  files: readonly RenderedFile[],
  rendered: ReadonlyMap<string, string>,
  { targets, force = false, restore = false }: ScaffoldOptions & { readonly targets: readonly Target[] },
): PlannedFile[] {
  const requested = files.filter(({ target }) => targets.includes(target))
  for (const path of [manifestPath, ...requested.map((file) => file.path)]) repository.assertPlain(path)
  return requested.map((file) =>
    planFile(repository, file, manifest.files.get(file.path), rendered, { force, restore }),
  )
}

function planManifest(
  repository: Repository,
  manifest: Manifest,
  answers: Answers,
  plan: readonly PlannedFile[],
): Write[] {
  const files = new Map<string, ManifestEntry>(manifest.files)
  for (const { path, entry } of plan) if (entry !== undefined) files.set(path, entry)
  if (files.size === 0) return []
  const content = writeManifest({ answers, files }, version())
  const present = repository.read(manifestPath)?.replaceAll('\r\n', '\n')
  return content === present ? [] : [{ path: manifestPath, content, executable: false }]
}

function outcomeOf(plan: readonly PlannedFile[], check: boolean): ScaffoldOutcome {
  if (check) return plan.some(isDrift) ? 'drift' : 'done'
  return plan.some(({ state }) => state === 'conflict') ? 'conflict' : 'done'
}

/** The generated text differs from the file. The user's own edits, deletions and files are not drift. */
function isDrift({ state }: PlannedFile): boolean {
  return state === 'create' || state === 'update' || state === 'merge' || state === 'conflict'
}

function warningsFor(project: Project, targets: readonly Target[]): string[] {
  return project.warnings
    .filter((warning) => warning.targets.some((target) => targets.includes(target)))
    .map(({ sentence }) => sentence)
}

function isKnown(path: string, files: readonly RenderedFile[]): boolean {
  return files.some((file) => file.path === path)
}

/** A manifest entry belongs to its target; an entry without a target belongs to every run. */
function isInScope(path: string, targets: readonly Target[]): boolean {
  const owner = /^readme\.md$/i.test(path)
    ? 'badges'
    : Object.entries(targetPaths).find(([, paths]) => paths.includes(path))?.[0]
  return owner === undefined || targets.some((target) => target === owner)
}
