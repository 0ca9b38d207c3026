import type { Repository } from '../common/repository.ts'
import type {
  ImageRecipe,
  NodePackageManager,
  PackageManager,
  PythonPackageManager,
  Toolchain,
} from '../common/project.ts'
import type { NodeVersion } from './node/node-version.ts'
import type { WorkspacePackage } from './node/workspaces.ts'

/** Result of the detection of one language. */
export interface Found {
  readonly name: string | undefined
  /** Source repository named in the manifest. */
  readonly repositoryUrl: string | undefined
  /** The file that most conclusions come from. */
  readonly manifest: string
  readonly packageManager: PackageManager
  readonly dependencies: ReadonlySet<string>
  readonly toolchain: Toolchain
  readonly image: ImageRecipe
}

/** A Node repository as its package.json files describe it. */
export interface NodeProject {
  readonly repository: Repository
  readonly manifest: Readonly<Record<string, unknown>>
  readonly manager: NodePackageManager
  readonly yarnClassic: boolean
  readonly lockfile: string | undefined
  readonly scripts: ReadonlyMap<string, string>
  readonly dependencies: ReadonlySet<string>
  readonly workspaces: readonly WorkspacePackage[]
  readonly version: NodeVersion
  /** The `packageManager` field, split into name and version. */
  readonly pinned: { readonly name: string; readonly version: string } | undefined
}

/** A Python repository as pyproject.toml and its requirement files describe it. */
export interface PythonProject {
  readonly repository: Repository
  readonly pyproject: Readonly<Record<string, unknown>>
  readonly manager: PythonPackageManager
  /** Requirement files for production first, then those for development. */
  readonly requirements: readonly string[]
  readonly dependencies: ReadonlySet<string>
  readonly version: {
    /** `X.Y` */
    readonly minor: string
    readonly file: string | undefined
  }
}
