import { lintRepository } from '@focus-api/scaffold'
import { type Finding, ok, warning } from './finding.ts'

/** Checks workflows of any origin against the rules of `focus init` (docs/scaffold.md); violations are warnings. */
export async function checkWorkflowPolicy(cwd: string): Promise<Finding[]> {
  const check = 'workflows.policy'
  const findings = await lintRepository(cwd)
  if (findings.length === 0) return [ok(check, 'the workflows follow the rules W01 to W26')]
  return findings
    .filter(({ rule }) => rule !== 'W00')
    .map(({ rule, path, line, message, why }) => warning(check, `${path}:${line} breaks ${rule} (${why}).`, message))
}
