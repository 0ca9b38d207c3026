/** The language of a repository; it selects the templates. */
export const flavours = ['node', 'python'] as const
/** The language of a project. */
export type Flavour = (typeof flavours)[number]

export const nodePackageManagers = ['npm', 'pnpm', 'yarn', 'bun'] as const
export const pythonPackageManagers = ['pip', 'poetry', 'uv'] as const

export type NodePackageManager = (typeof nodePackageManagers)[number]
export type PythonPackageManager = (typeof pythonPackageManagers)[number]
/** The program that installs the dependencies of a project. */
export type PackageManager = NodePackageManager | PythonPackageManager

/** The targets of `focus init`; each stands for one or more files. */
export const targets = ['ci', 'cd', 'docker', 'nginx', 'env', 'badges', 'dependabot'] as const
/** One of `targets`. */
export type Target = (typeof targets)[number]

export const serviceNames = ['mysql', 'mariadb', 'postgres', 'redis', 'mongodb', 'rabbitmq'] as const
export type ServiceName = (typeof serviceNames)[number]

/** `none`: the tests need no service. */
export type ServiceChoice = ServiceName | 'none'
export const serviceChoices: readonly ServiceChoice[] = [...serviceNames, 'none']

/** Decisions of the user. They win over detection and are stored for the next run. */
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

/** A conclusion of detection, with the file (and the place in it) that it comes from. */
export interface Evidence {
  readonly fact: string
  readonly value: string
  readonly from: string
}

/** A warning that matters to some of the targets. */
export interface Warning {
  readonly sentence: string
  readonly targets: readonly Target[]
}

/** A shell command of a workflow step. `null` stands for a step without a tool in this repository. */
export interface Command {
  readonly run: string
  /** Additional environment variables of that step. */
  readonly env?: Readonly<Record<string, string>>
}

/** Facts about a repository that the templates need, in a form that is the same for every language. */
export interface Project {
  readonly flavour: Flavour
  readonly packageManager: PackageManager
  /** The name as its authors write it, on one line. */
  readonly name: string
  /** The name in a form that is valid for an image, a container and a file. */
  readonly slug: string
  readonly defaultBranch: string
  /** `owner/name` on GitHub; null without a GitHub remote. */
  readonly repository: string | null
  readonly services: readonly ServiceName[]
  /** `DATABASE_URL` and similar variables for {@link services}, in the URL scheme of the project's driver. */
  readonly serviceUrls: Readonly<Record<string, string>>
  readonly usesFocus: boolean
  readonly port: number
  readonly healthPath: string
  readonly toolchain: Toolchain
  readonly image: ImageRecipe
  readonly evidence: readonly Evidence[]
  readonly warnings: readonly Warning[]
}

/** The commands of the CI job, for the project's package manager. */
export interface Toolchain {
  /** Steps that install the runtime and the package manager, as YAML. */
  readonly setup: string
  readonly install: readonly NamedCommand[]
  readonly lint: readonly NamedCommand[]
  readonly types: readonly NamedCommand[]
  readonly build: Command | null
  readonly test: Command
  /** The report for Codecov, and the command that creates it when the tests do not. */
  readonly coverage: { readonly file: string; readonly convert: Command | null }
  /** Dependency scans and static analysis that run as commands; the others are actions. */
  readonly security: readonly NamedCommand[]
  /** Steps that must run before {@link security}, as YAML. */
  readonly securitySetup: string
  readonly codeqlLanguage: 'javascript-typescript' | 'python'
  readonly semgrepConfigs: readonly string[]
  readonly dependabotEcosystem: 'npm' | 'bun' | 'pip' | 'uv'
}

export interface NamedCommand extends Command {
  readonly name: string
  /** An expression without `${{ }}`; the step is skipped when it is false. */
  readonly if?: string
}

/** The parts of a Dockerfile that depend on the project. */
export interface ImageRecipe {
  /** Image of the build stage, with a tag. */
  readonly buildImage: string
  readonly runtimeImage: string
  /** Files that the install step needs. They are copied before the sources, so that the layer is cached. */
  readonly manifests: readonly string[]
  readonly prepare: readonly string[]
  readonly install: readonly string[]
  readonly build: readonly string[]
  /** Removes everything except production dependencies. */
  readonly prune: readonly string[]
  /** `USER` of the runtime image, created by the base image or by the Dockerfile. */
  readonly user: string
  readonly start: readonly string[]
}
