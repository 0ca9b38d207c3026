import { version } from '../version.ts'
import { detect } from './detect/index.ts'
import { type Manifest, type ManifestEntry, readManifest, writeManifest } from './files/manifest.ts'
import { applyWrites, type Write } from './files/write.ts'
import { type GitFacts, readGit } from './git.ts'
import { manifestPath, targetPaths } from './paths.ts'
import { type PlannedFile, planFile } from './plan.ts'
import { type ExitCode, exitCodes, InitProblem } from './problem.ts'
import { type RenderedFile, renderFiles } from './render/index.ts'
import { describeRun, type InitReport } from './report.ts'
import { Repository } from './repository.ts'
import { type SecretNeed, secretNeeds } from './secrets.ts'
import { otherComposeFile, readmeOf, surroundings } from './surroundings.ts'
import type { Answers, Project, Target } from './types.ts'
import { assertValid } from './validate.ts'

/** What one run of `focus init` was asked to do. */
export interface InitOptions {
  /** Root of the repository. */
  readonly cwd: string
  readonly targets: readonly Target[]
  readonly answers: Answers
  /** Say what would be done, and do nothing. */
  readonly dryRun: boolean
  /** The same, and exit 3 when something would be. */
  readonly check: boolean
  readonly diff: boolean
  readonly force: boolean
  readonly restore: boolean
  /** Asked before the first write, when there is one to make. */
  readonly confirm?: (report: InitReport) => Promise<boolean>
}

/** How a run ended. */
export interface InitResult {
  readonly report: InitReport
  readonly exitCode: ExitCode
  /** False when nothing was written because it was only asked what would be, or the answer was no. */
  readonly written: boolean
}

/**
 * Writes CI/CD into a repository: detect → plan → render → validate → write. Up to the last phase nothing is touched.
 *
 * @throws InitProblem when the repository or the options make no sense, or a file cannot be written
 */
export async function runInit(options: InitOptions): Promise<InitResult> {
  const repository = new Repository(options.cwd)
  const git = readGit(repository.root)
  assertRepositoryRoot(repository, git)
  const manifest = readManifest(repository)
  const answers = { ...manifest.answers, ...options.answers }
  const project = detect(repository, git, answers)

  const files = applicable(
    repository,
    manifest,
    renderFiles(project, { domain: answers.domain ?? 'example.com', readme: readmeOf(repository) }),
  )
  const rendered = new Map(files.filter((file) => file.region === undefined).map((file) => [file.path, file.text('')]))
  assertValid(rendered)

  const asked = files.filter(({ target }) => options.targets.includes(target))
  for (const path of [manifestPath, ...asked.map((file) => file.path)]) repository.assertPlain(path)
  const plan = asked.map((file) => planFile(repository, file, manifest.files.get(file.path), rendered, options))
  const writes = [...plan.flatMap((file) => file.writes), ...manifestWrite(repository, manifest, answers, plan)]
  for (const { path } of writes) repository.assertWritable(path)

  const exitCode = exitCodeOf(options, plan)
  const report = {
    ok: exitCode === exitCodes.done,
    ...(await describeRun({
      repository,
      manifest,
      project,
      plan,
      rendered,
      orphans: [...manifest.files.keys()].filter((path) => !isKnown(path, files) && inScope(path, options.targets)),
      warnings: [
        ...relevant(project, options.targets),
        ...surroundings(repository, git, manifest, project, options.targets),
      ],
      withDiff: options.diff,
    })),
  }
  const deletions = plan.flatMap((file) => file.deletions)
  const wanted = !options.dryRun && !options.check && writes.length + deletions.length > 0
  const written = wanted && (await (options.confirm?.(report) ?? Promise.resolve(true)))
  if (written) applyWrites(repository.root, writes, deletions)
  return { report, exitCode, written }
}

/** The secrets of this repository's generated workflows, required ones first. */
export function listSecrets(cwd: string, answers: Answers): SecretNeed[] {
  const repository = new Repository(cwd)
  const project = detect(repository, readGit(repository.root), { ...readManifest(repository).answers, ...answers })
  const files = renderFiles(project, { domain: 'example.com', readme: null }).filter(({ path }) =>
    path.startsWith('.github/workflows/'),
  )
  return secretNeeds(new Map(files.map((file) => [file.path, file.text('')])))
}

function exitCodeOf(options: InitOptions, plan: readonly PlannedFile[]): ExitCode {
  if (options.check) return plan.some(isDrift) ? exitCodes.drift : exitCodes.done
  return plan.some(({ state }) => state === 'conflict') ? exitCodes.conflict : exitCodes.done
}

/** A run would change it, or could not. What the user decided (edits, deletions, own files) is no drift. */
function isDrift({ state }: PlannedFile): boolean {
  return state === 'create' || state === 'update' || state === 'merge' || state === 'conflict'
}

/** The warnings about what was asked for. */
function relevant(project: Project, asked: readonly Target[]): string[] {
  return project.warnings
    .filter(({ targets }) => targets.some((target) => asked.includes(target)))
    .map(({ sentence }) => sentence)
}

/** GitHub reads workflows at the root of a repository only. */
function assertRepositoryRoot(repository: Repository, git: GitFacts): void {
  if (git.root !== null && git.root !== repository.root) {
    throw new InitProblem('not_the_root', `${repository.root} is inside the repository ${git.root}.`, {
      hint: `GitHub reads workflows at the root only: run \`focus init --cwd ${git.root}\`.`,
    })
  }
}

/** A second Compose file would win over the user's own, so there is none where one exists. */
function applicable(repository: Repository, manifest: Manifest, files: readonly RenderedFile[]): RenderedFile[] {
  const foreign = otherComposeFile(repository)
  return files.filter(({ path }) => path !== 'compose.yaml' || foreign === undefined || manifest.files.has(path))
}

function isKnown(path: string, files: readonly RenderedFile[]): boolean {
  return files.some((file) => file.path === path)
}

/** A manifest entry belongs to the targets asked for; one of no target at all belongs to every run. */
function inScope(path: string, targets: readonly Target[]): boolean {
  const owner = /^readme\.md$/i.test(path)
    ? 'badges'
    : Object.entries(targetPaths).find(([, paths]) => paths.includes(path))?.[0]
  return owner === undefined || targets.some((target) => target === owner)
}

function manifestWrite(
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
