import { parseDocument } from 'yaml'
import { lintFiles } from '../policy/lint.ts'
import { ScaffoldError } from '../common/scaffold-error.ts'

/**
 * Validates all generated files together before anything is written. A finding is a defect of a template.
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
        hint: 'Nothing was written. This is a bug in focus: please report it with the output of --json.',
        kind: 'failure',
      },
    )
  }
  for (const [path, text] of rendered) {
    // The policy check above has parsed the workflows.
    const other = isYaml(path) && !path.startsWith('.github/workflows/')
    const error = other ? parseDocument(text).errors[0] : undefined
    if (error === undefined) continue
    throw new ScaffoldError('invalid_output', `The generated ${path} is not YAML: ${error.message}`, {
      hint: 'Nothing was written. This is a bug in focus: please report it with the output of --json.',
      kind: 'failure',
    })
  }
}

/**
 * Returns whether a merge result may replace the user's file: it must be valid YAML and break no rule that the user's
 * version does not break already.
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
