import { parseDocument } from 'yaml'
import { lintFiles } from '../policy/lint.ts'
import { ScaffoldError } from '../common/scaffold-error.ts'

/**
 * Checks what is about to be written as a whole. A finding here is a defect of a template: nothing is written.
 *
 * @throws ScaffoldError `invalid_output`
 */
export function assertValid(rendered: ReadonlyMap<string, string>): void {
  const finding = lintFiles(rendered)[0]
  if (finding !== undefined) {
    throw new ScaffoldError(
      'invalid_output',
      `The generated ${finding.path}:${finding.line} breaks ${finding.rule}: ${finding.message}`,
      {
        hint: 'Nothing was written. This is a defect of focus; please report it with the output of --json.',
        kind: 'failure',
      },
    )
  }
  for (const [path, text] of rendered) {
    // Workflows were parsed above.
    const other = isYaml(path) && !path.startsWith('.github/workflows/')
    const error = other ? parseDocument(text).errors[0] : undefined
    if (error === undefined) continue
    throw new ScaffoldError('invalid_output', `The generated ${path} is not YAML: ${error.message}`, {
      hint: 'Nothing was written. This is a defect of focus; please report it with the output of --json.',
      kind: 'failure',
    })
  }
}

/**
 * Whether a merge result may replace the user's file: it must still be readable, and break no rule that the user's own
 * version did not break already.
 */
export function isSafeMerge(
  path: string,
  mine: string,
  merged: string,
  rendered: ReadonlyMap<string, string>,
): boolean {
  if (!isYaml(path)) return true
  if (parseDocument(merged).errors.length > 0) return false
  const before = rulesBroken(path, mine, rendered)
  return [...rulesBroken(path, merged, rendered)].every((finding) => before.has(finding))
}

function rulesBroken(path: string, text: string, rendered: ReadonlyMap<string, string>): Set<string> {
  const findings = lintFiles(new Map([...rendered, [path, text]]))
  return new Set(findings.filter((finding) => finding.path === path).map(({ rule, message }) => `${rule} ${message}`))
}

function isYaml(path: string): boolean {
  return /\.ya?ml$/.test(path)
}
