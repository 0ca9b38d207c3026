/** What a repository is written in; decides which templates it gets. */
export const flavours = ['node', 'python'] as const
/** The language of a project. */
export type Flavour = (typeof flavours)[number]

export const nodePackageManagers = ['npm', 'pnpm', 'yarn', 'bun'] as const
export const pythonPackageManagers = ['pip', 'poetry', 'uv'] as const

export type NodePackageManager = (typeof nodePackageManagers)[number]
export type PythonPackageManager = (typeof pythonPackageManagers)[number]
/** The program that installs the dependencies of a project. */
export type PackageManager = NodePackageManager | PythonPackageManager

/** What `focus init` can be asked for; each stands for one or more files. */
export const targets = ['ci', 'cd', 'docker', 'nginx', 'env', 'badges', 'dependabot'] as const
/** One of `targets`. */
export type Target = (typeof targets)[number]

export const serviceNames = ['mysql', 'mariadb', 'postgres', 'redis', 'mongodb', 'rabbitmq'] as const
export type ServiceName = (typeof serviceNames)[number]

/** `none` says that the tests need no service at all. */
export type ServiceChoice = ServiceName | 'none'
export const serviceChoices: readonly ServiceChoice[] = [...serviceNames, 'none']

/** What the user decided; wins over what the files say, and is remembered for the next run. */
export interface Answers {
  readonly flavour?: Flavour
  readonly pm?: PackageManager
  readonly branch?: string
  readonly repo?: string
  readonly services?: readonly ServiceChoice[]
  readonly healthPath?: string
  readonly port?: number
  /** The public host name that nginx serves. */
  readonly domain?: string
}

/** One thing that detection concluded, and the file (and place in it) that made it think so. */
export interface Evidence {
  readonly fact: string
  readonly value: string
  readonly from: string
}

/** Something to know about some of the targets. */
export interface Warning {
  readonly sentence: string
  readonly targets: readonly Target[]
}

/** A shell command of a workflow step. `null` stands for a step that the repository has no tool for. */
export interface Command {
  readonly run: string
  /** Extra environment of that step alone. */
  readonly env?: Readonly<Record<string, string>>
}

/** What the generated files need to know of a repository, whatever it is written in. */
export interface Project {
  readonly flavour: Flavour
  readonly packageManager: PackageManager
  /** As its authors write it, on one line. */
  readonly name: string
  /** Fit for an image, a container and a file name. */
  readonly slug: string
  readonly defaultBranch: string
  /** `owner/name` on GitHub, where a remote says so. */
  readonly repository: string | null
  readonly services: readonly ServiceName[]
  /** `DATABASE_URL` and friends that point at {@link services}, as the project's own driver wants them written. */
  readonly serviceUrls: Readonly<Record<string, string>>
  readonly usesFocus: boolean
  readonly port: number
  readonly healthPath: string
  readonly toolchain: Toolchain
  readonly image: ImageRecipe
  readonly evidence: readonly Evidence[]
  readonly warnings: readonly Warning[]
}

/** The commands of the CI job, already in the words of the project's package manager. */
export interface Toolchain {
  /** Steps that put the runtime and the package manager in place, as YAML; the second form restores no cache. */
  readonly setup: string
  readonly install: readonly NamedCommand[]
  readonly lint: readonly NamedCommand[]
  readonly types: readonly NamedCommand[]
  readonly build: Command | null
  readonly test: Command
  /** The report for Codecov, and what makes it when the tests do not. */
  readonly coverage: { readonly file: string; readonly convert: Command | null }
  /** Dependency scan and static analysis that are commands (the others are actions). */
  readonly security: readonly NamedCommand[]
  /** Steps that {@link security} needs first, as YAML. */
  readonly securitySetup: string
  readonly codeqlLanguage: 'javascript-typescript' | 'python'
  readonly semgrepConfigs: readonly string[]
  readonly dependabotEcosystem: 'npm' | 'bun' | 'pip' | 'uv'
}

export interface NamedCommand extends Command {
  readonly name: string
  /** A bare expression; the step is left out of the run when it is false. */
  readonly if?: string
}

/** The words that a Dockerfile is written with. */
export interface ImageRecipe {
  /** Image of the stage that builds, with a tag. */
  readonly buildImage: string
  readonly runtimeImage: string
  /** Files that the install step needs, copied before the sources so that the layer is cached. */
  readonly manifests: readonly string[]
  readonly prepare: readonly string[]
  readonly install: readonly string[]
  readonly build: readonly string[]
  /** Leaves production dependencies only. */
  readonly prune: readonly string[]
  /** `USER` of the runtime image, created by the base image or by the Dockerfile. */
  readonly user: string
  readonly start: readonly string[]
}
