import { lintRepository } from '@focus-api/scaffold'
import { type Finding, ok, warning } from './finding.ts'

/** The rules that `focus init` generates by (docs/scaffold.md), for workflows of any origin: advice, not failure. */
export async function checkWorkflowPolicy(cwd: string): Promise<Finding[]> {
  const check = 'workflows.policy'
  const findings = await lintRepository(cwd)
  if (findings.length === 0) return [ok(check, 'the workflows hold the rules W01 to W26')]
  return findings
    .filter(({ rule }) => rule !== 'W00')
    .map(({ rule, path, line, message, why }) => warning(check, `${path}:${line} breaks ${rule} (${why}).`, message))
}
