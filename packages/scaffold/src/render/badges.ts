/** Renders the guide's three badges. */
export function renderBadges(repository: string, branch: string): string {
  const workflow = (name: string) => `https://github.com/${repository}/workflows/${name}/badge.svg`
  const codecov = `https://codecov.io/gh/${repository}`
  return [
    `![CI](${workflow('CI')})`,
    `![CD](${workflow('CD')})`,
    `[![codecov](${codecov}/branch/${encodeURIComponent(branch)}/graph/badge.svg)](${codecov})`,
  ].join('\n')
}
