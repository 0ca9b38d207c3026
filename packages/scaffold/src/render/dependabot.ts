import { paragraphs, text } from '../common/text.ts'
import type { Project } from '../common/project.ts'

/** Renders `.github/dependabot.yml`: it keeps pinned actions, base images and dependencies current. */
export function renderDependabot(project: Project): string {
  const ecosystems = ['github-actions', project.toolchain.dependabotEcosystem, 'docker']
  return `${text`
    # Written by \`focus init\`. Edit it as you like: a later run merges your changes with its own.
    version: 2
    updates:
      ${paragraphs(...ecosystems.map(ecosystem))}
  `}\n`
}

/**
 * Groups minor and patch updates into one pull request a week. The cooldown of a week skips releases that are
 * withdrawn.
 */
function ecosystem(name: string): string {
  return text`
    - package-ecosystem: ${name}
      directory: /
      schedule:
        interval: weekly
      cooldown:
        default-days: 7
      groups:
        minor-and-patch:
          update-types: [minor, patch]
  `
}
