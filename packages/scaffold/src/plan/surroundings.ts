import type { Manifest } from '../write/manifest.ts'
import type { GitFacts } from '../common/git.ts'
import { targetPaths } from '../common/target-paths.ts'
import type { Repository } from '../common/repository.ts'
import type { Project, Target } from '../common/project.ts'

/** Returns warnings about files of the repository that affect the generated ones. */
export function warnAboutSurroundings(
  repository: Repository,
  git: GitFacts,
  manifest: Manifest,
  project: Project,
  targets: readonly Target[],
): string[] {
  const warnings: string[] = []
  if (git.root === null) warnings.push('This is not a git repository yet: run `git init` and commit the files.')
  if (/^\/?\.focus\/?\s*$/m.test(repository.read('.gitignore') ?? '')) {
    warnings.push(
      '.gitignore excludes .focus/, but .focus/ci.json must be committed: write `.focus/*` and `!.focus/ci.json` instead.',
    )
  }
  if (project.repository === null && targets.includes('badges')) {
    warnings.push(
      'No GitHub remote was found, so the badges contain your-username: run the command again when there is one, or pass --repo owner/name.',
    )
  }
  if (targets.includes('badges') && findReadme(repository) === null) {
    warnings.push('The README is not Markdown, so it gets no badges.')
  }
  const compose = findOtherComposeFile(repository)
  if (compose !== undefined && targets.includes('docker') && !manifest.files.has('compose.yaml')) {
    warnings.push(`${compose} exists, so no compose.yaml is written beside it.`)
  }
  if (!targets.includes('docker') && targets.includes('ci') && !repository.has('Dockerfile')) {
    warnings.push('The job docker builds a Dockerfile that does not exist: run `focus init docker` too.')
  }
  for (const { path, name } of listWorkflows(repository)) {
    if (!targetPaths.ci.includes(path) && !targetPaths.cd.includes(path) && (name === 'CI' || name === 'CD')) {
      warnings.push(`${path} is also named ${name}: badges and required checks cannot distinguish the two.`)
    }
  }
  return warnings
}

/** Lists the existing workflows by path, with the name that GitHub shows. */
export function listWorkflows(repository: Repository): { readonly path: string; readonly name: string | undefined }[] {
  return repository
    .list('.github/workflows')
    .filter(({ name, directory }) => !directory && /\.ya?ml$/.test(name))
    .map(({ name }) => {
      const path = `.github/workflows/${name}`
      const title = /^name:\s*["']?([^"'\n#]+?)["']?\s*$/m.exec(repository.read(path) ?? '')?.[1]
      return { path, name: title }
    })
}

/** Returns the user's own Compose file, under any name that Compose looks for except compose.yaml. */
export function findOtherComposeFile(repository: Repository): string | undefined {
  return ['compose.yml', 'docker-compose.yaml', 'docker-compose.yml'].find((path) => repository.has(path))
}

/** Returns the README for the badges; null when it is not Markdown. */
export function findReadme(repository: Repository): string | null {
  const names = repository.list('').flatMap(({ name, directory }) => (directory ? [] : [name]))
  const markdown = names.find((name) => /^readme\.md$/i.test(name))
  if (markdown !== undefined) return markdown
  return names.some((name) => /^readme(?:\.\w+)?$/i.test(name)) ? null : 'README.md'
}
