import { version } from '../version.ts'
import { detect } from './detect/index.ts'
import { type Manifest, type ManifestEntry, readManifest, sha256, writeManifest } from './files/manifest.ts'
import type { FileState } from './files/state.ts'
import { applyWrites, type Write } from './files/write.ts'
import { type GitFacts, readGit } from './git.ts'
import { manifestPath, targetPaths } from './paths.ts'
import { type PlannedFile, planFile } from './plan.ts'
import { type ExitCode, exitCodes, InitProblem } from './problem.ts'
import { type RenderedFile, renderFiles } from './render/index.ts'
import { Repository } from './repository.ts'
import { type SecretNeed, secretNeeds } from './secrets.ts'
import type { Answers, Project, Target } from './types.ts'
import { assertValid } from './validate.ts'
import { unifiedDiff } from './diff.ts'

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

/** The `--json` document. */
export interface InitReport {
  readonly ok: boolean
  readonly schema: 1
  readonly detected: DetectedReport
  readonly files: readonly FileReport[]
  readonly secrets: readonly SecretNeed[]
  readonly warnings: readonly string[]
}

export interface FileReport {
  readonly path: string
  readonly state: FileState
  /** Of the file as it is after the run (or would be); null when there is none. */
  readonly sha256: string | null
  readonly diff?: string
  /** Where ours went when it could not be merged. */
  readonly conflict_copy?: string
}

interface DetectedReport {
  readonly flavour: string
  readonly package_manager: string
  readonly name: string
  readonly slug: string
  readonly default_branch: string
  readonly repository: string | null
  readonly services: readonly string[]
  readonly port: number
  readonly health_path: string
  readonly uses_focus: boolean
  readonly existing_workflows: readonly string[]
  readonly evidence: Project['evidence']
}

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

  const warnings = [...project.warnings, ...surroundings(repository, git, manifest, project, options.targets)]
  const files = applicable(repository, manifest, renderFiles(project, answers.domain ?? 'example.com'))
  const rendered = new Map(files.filter((file) => file.region === undefined).map((file) => [file.path, file.text('')]))
  assertValid(rendered)

  const asked = files.filter(({ target }) => options.targets.includes(target))
  for (const path of [manifestPath, ...asked.map((file) => file.path)]) repository.assertPlain(path)
  const plan = asked.map((file) => planFile(repository, file, manifest.files.get(file.path), rendered, options))
  const orphans = [...manifest.files.keys()].filter((path) => !isKnown(path, files) && inScope(path, options.targets))
  for (const path of orphans)
    warnings.push(`${path} is no longer generated; it stays as it is. Delete it if nothing uses it.`)
  const writes = [...plan.flatMap((file) => file.writes), ...manifestWrite(repository, manifest, answers, plan)]
  for (const { path } of writes) repository.assertWritable(path)

  const report = await buildReport(options, project, plan, orphans, rendered, warnings, repository, manifest)
  const exitCode = exitCodeOf(options, plan)
  const final = { ok: exitCode === exitCodes.done, ...report }
  const wanted = !options.dryRun && !options.check
  const deletions = plan.flatMap((file) => file.deletions)
  const confirmed = wanted && writes.length > 0 && (await (options.confirm?.(final) ?? Promise.resolve(true)))
  if (confirmed) applyWrites(repository.root, writes, deletions)
  return { report: final, exitCode, written: confirmed }
}

function exitCodeOf(options: InitOptions, plan: readonly PlannedFile[]): ExitCode {
  if (options.check) return plan.some(isDrift) ? exitCodes.drift : exitCodes.done
  return plan.some(({ state }) => state === 'conflict') ? exitCodes.conflict : exitCodes.done
}

/** A run would change it, or could not. What the user decided (edits, deletions, own files) is no drift. */
function isDrift({ state }: PlannedFile): boolean {
  return state === 'create' || state === 'update' || state === 'merge' || state === 'conflict'
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

function otherComposeFile(repository: Repository): string | undefined {
  return ['compose.yml', 'docker-compose.yaml', 'docker-compose.yml'].find((path) => repository.has(path))
}

function isKnown(path: string, files: readonly RenderedFile[]): boolean {
  return files.some((file) => file.path === path)
}

/** A manifest entry belongs to the targets asked for; one of no target at all belongs to every run. */
function inScope(path: string, targets: readonly Target[]): boolean {
  const owner = Object.entries(targetPaths).find(([, paths]) => paths.includes(path))?.[0]
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

/** What lies around the generated files and would surprise somebody. */
function surroundings(
  repository: Repository,
  git: GitFacts,
  manifest: Manifest,
  project: Project,
  targets: readonly Target[],
): string[] {
  const warnings: string[] = []
  if (git.root === null) warnings.push('This is not a git repository yet: run `git init`, and commit what was written.')
  if (/^\/?\.focus\/?\s*$/m.test(repository.read('.gitignore') ?? '')) {
    warnings.push(
      '.gitignore leaves out .focus/, and .focus/ci.json must be committed: write `.focus/*` and `!.focus/ci.json` instead.',
    )
  }
  if (project.repository === null && targets.includes('badges')) {
    warnings.push(
      'No remote on GitHub was found, so README.md gets no badges: name the repository with --repo owner/name.',
    )
  }
  const compose = otherComposeFile(repository)
  if (compose !== undefined && targets.includes('docker') && !manifest.files.has('compose.yaml')) {
    warnings.push(`${compose} exists, so no compose.yaml is written beside it.`)
  }
  if (!targets.includes('docker') && targets.includes('ci') && !repository.has('Dockerfile')) {
    warnings.push('There is no Dockerfile, and the job docker builds one: run `focus init docker` too.')
  }
  for (const { path, name } of workflowsOf(repository)) {
    if (!targetPaths.ci.includes(path) && !targetPaths.cd.includes(path) && (name === 'CI' || name === 'CD')) {
      warnings.push(`${path} is called ${name} as well: badges and required checks cannot tell the two apart.`)
    }
  }
  return warnings
}

function workflowsOf(repository: Repository): { readonly path: string; readonly name: string | undefined }[] {
  return repository
    .list('.github/workflows')
    .filter(({ name, directory }) => !directory && /\.ya?ml$/.test(name))
    .map(({ name }) => {
      const path = `.github/workflows/${name}`
      const title = /^name:\s*["']?([^"'\n#]+?)["']?\s*$/m.exec(repository.read(path) ?? '')?.[1]
      return { path, name: title }
    })
}

async function buildReport(
  options: InitOptions,
  project: Project,
  plan: readonly PlannedFile[],
  orphans: readonly string[],
  rendered: ReadonlyMap<string, string>,
  warnings: readonly string[],
  repository: Repository,
  manifest: Manifest,
): Promise<Omit<InitReport, 'ok'>> {
  const workflows = [...rendered].filter(
    ([path]) => path.startsWith('.github/workflows/') && plan.some((file) => file.path === path),
  )
  const settled = plan.filter(({ state }) => state === 'foreign').map(({ path }) => path)
  const foreign =
    settled.length === 0
      ? []
      : [`${settled.join(', ')}: not written by focus, so left alone; --force replaces (a copy stays).`]
  const conflicts = plan
    .filter(({ conflictCopy }) => conflictCopy !== undefined)
    .map(
      ({ path, conflictCopy }) =>
        `${path}: your edits and the new version touch the same lines. Take what you want from ${conflictCopy}, then delete it.`,
    )
  return {
    schema: 1,
    detected: {
      flavour: project.flavour,
      package_manager: project.packageManager,
      name: project.name,
      slug: project.slug,
      default_branch: project.defaultBranch,
      repository: project.repository,
      services: project.services,
      port: project.port,
      health_path: project.healthPath,
      uses_focus: project.usesFocus,
      existing_workflows: workflowsOf(repository)
        .map(({ path }) => path)
        .filter((path) => !manifest.files.has(path)),
      evidence: project.evidence,
    },
    files: [
      ...(await Promise.all(plan.map((file) => fileReport(file, options.diff)))),
      ...orphans.map((path): FileReport => {
        const text = repository.read(path)
        return { path, state: 'orphan', sha256: text === undefined ? null : sha256(text) }
      }),
    ],
    secrets: secretNeeds(new Map(workflows)),
    warnings: [...warnings, ...foreign, ...conflicts],
  }
}

async function fileReport(file: PlannedFile, withDiff: boolean): Promise<FileReport> {
  const diff = withDiff && file.after !== undefined ? await unifiedDiff(file.path, file.before, file.after) : ''
  return {
    path: file.path,
    state: file.state,
    sha256: file.after === undefined ? null : sha256(file.after),
    ...(diff === '' ? {} : { diff }),
    ...(file.conflictCopy === undefined ? {} : { conflict_copy: file.conflictCopy }),
  }
}

/** The secrets of this repository's generated workflows, required ones first. */
export function listSecrets(cwd: string, answers: Answers): SecretNeed[] {
  const repository = new Repository(cwd)
  const git = readGit(repository.root)
  const project = detect(repository, git, { ...readManifest(repository).answers, ...answers })
  const files = renderFiles(project, 'example.com').filter(({ path }) => path.startsWith('.github/workflows/'))
  return secretNeeds(new Map(files.map((file) => [file.path, file.text('')])))
}
