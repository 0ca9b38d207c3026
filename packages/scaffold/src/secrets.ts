import { readGit } from './common/git.ts'
import type { Answers } from './common/project.ts'
import { Repository } from './common/repository.ts'
import { detect } from './detect/detect.ts'
import { type SecretNeed, secretNeeds } from './plan/secret-needs.ts'
import { renderFiles } from './render/render.ts'
import { readManifest } from './write/manifest.ts'

/**
 * Lists the secrets that the generated workflows of a repository read, required ones first. Reads files only.
 *
 * @param root - the repository's root directory
 * @throws ScaffoldError when the repository cannot be used
 */
export function listSecrets(root: string, answers: Answers = {}): SecretNeed[] {
  const repository = new Repository(root)
  const project = detect(repository, readGit(repository.root), { ...readManifest(repository).answers, ...answers })
  const workflows = renderFiles(project, { domain: 'example.com', readme: null }).filter(({ path }) =>
    path.startsWith('.github/workflows/'),
  )
  return secretNeeds(new Map(workflows.map((file) => [file.path, file.text('')])))
}
