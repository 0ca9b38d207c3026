import { unifiedDiff } from './diff.ts'
import { type Manifest, sha256 } from '../write/manifest.ts'
import type { FileState } from './state.ts'
import type { PlannedFile } from './plan.ts'
import type { Repository } from '../common/repository.ts'
import { type SecretNeed, secretNeeds } from './secret-needs.ts'
import { listWorkflows } from './surroundings.ts'
import type { Evidence, Project } from '../common/project.ts'

/** The report of a run; `focus init --json` prints it. */
export interface ScaffoldReport {
  readonly ok: boolean
  readonly schema: 1
  readonly detected: DetectedReport
  readonly files: readonly FileReport[]
  readonly secrets: readonly SecretNeed[]
  readonly warnings: readonly string[]
}

/** One file that a run wrote, or would write. */
export interface FileReport {
  readonly path: string
  readonly state: FileState
  /** SHA-256 of the file after the run; null when it does not exist. */
  readonly sha256: string | null
  readonly diff?: string
  /** Path of the generated version, when it could not be merged. */
  readonly conflict_copy?: string
}

/** The project as it was detected, in the JSON form of the report. */
export interface DetectedReport {
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
  readonly evidence: readonly Evidence[]
}

/** Findings and plan of a run. */
interface Run {
  readonly repository: Repository
  readonly manifest: Manifest
  readonly project: Project
  readonly plan: readonly PlannedFile[]
  /** Files of the manifest that are no longer generated. */
  readonly orphans: readonly string[]
  readonly rendered: ReadonlyMap<string, string>
  readonly warnings: readonly string[]
  readonly withDiff: boolean
}

/** Builds the report of a run, without `ok`. */
export async function describeRun(run: Run): Promise<Omit<ScaffoldReport, 'ok'>> {
  const { repository, plan, orphans, rendered } = run
  const workflows = [...rendered].filter(
    ([path]) => path.startsWith('.github/workflows/') && plan.some((file) => file.path === path),
  )
  return {
    schema: 1,
    detected: describeProject(run),
    files: [
      ...(await Promise.all(plan.map((file) => describeFile(file, run.withDiff)))),
      ...orphans.map((path): FileReport => {
        const text = repository.read(path)
        return { path, state: 'orphan', sha256: text === undefined ? null : sha256(text) }
      }),
    ],
    secrets: secretNeeds(new Map(workflows)),
    warnings: [...run.warnings, ...decisionsLeft(run)],
  }
}

function describeProject({ project, repository, manifest }: Run): DetectedReport {
  return {
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
    existing_workflows: listWorkflows(repository)
      .map(({ path }) => path)
      .filter((path) => !manifest.files.has(path)),
    evidence: project.evidence,
  }
}

/** Returns one sentence for each decision that is left to the user. */
function decisionsLeft({ plan, orphans }: Run): string[] {
  const foreign = plan.filter(({ state }) => state === 'foreign').map(({ path }) => path)
  return [
    ...orphans.map((path) => `${path} is no longer generated and stays unchanged. Delete it if nothing uses it.`),
    ...(foreign.length === 0
      ? []
      : [`${foreign.join(', ')}: not written by focus, so left unchanged. --force replaces it and keeps a copy.`]),
    ...plan
      .filter(({ conflictCopy }) => conflictCopy !== undefined)
      .map(
        ({ path, conflictCopy }) =>
          `${path}: your edits and the new version touch the same lines. Take what you want from ${conflictCopy}, then delete it.`,
      ),
  ]
}

async function describeFile(file: PlannedFile, withDiff: boolean): Promise<FileReport> {
  const diff = withDiff && file.after !== undefined ? await unifiedDiff(file.path, file.before, file.after) : ''
  return {
    path: file.path,
    state: file.state,
    sha256: file.after === undefined ? null : sha256(file.after),
    ...(diff === '' ? {} : { diff }),
    ...(file.conflictCopy === undefined ? {} : { conflict_copy: file.conflictCopy }),
  }
}
