import { paragraphs, text } from '../common/text.ts'
import type { Project } from '../common/project.ts'

/** `.github/dependabot.yml`: keeps the pinned actions, base images and dependencies current. */
export function renderDependabot(project: Project): string {
  const ecosystems = ['github-actions', project.toolchain.dependabotEcosystem, 'docker']
  return `${text`
    # Written by \`focus init\`. Edit it as you like: a later run merges your changes with its own.
    version: 2
    updates:
      ${paragraphs(...ecosystems.map(ecosystem))}
  `}\n`
}

/** One pull request a week for what cannot break, one each for the rest; a week's wait for a release that is taken back. */
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
