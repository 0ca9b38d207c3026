import { Repository } from '../common/repository.ts'
import { provenance, digestDeploy, noCacheInDeployments, serviceImages } from './builds.ts'
import { audits, codeScanning, dependabot, lockedInstalls } from './supply-chain.ts'
import { nginxLog, remoteScript, rollback, ssh } from './deployment.ts'
import { bareConditions, noDangerousForms, noExpressionInScripts, noSecretsInConditions } from './expressions.ts'
import { concurrency, deployEnvironment, timeouts } from './limits.ts'
import { checkoutCredentials, leastPrivilege, pinnedActions, releases } from './permissions.ts'
import { forkPullRequests, notifyJob, optionalSlack } from './reporting.ts'
import type { FileRule, Finding, PolicyFile, PolicyFiles, Problem, Rule, WorkflowRule } from './rule.ts'
import { Workflow } from './workflow.ts'

export type { Finding, Rule } from './rule.ts'

/** Every rule, by number. */
export const rules: readonly Rule[] = [
  leastPrivilege,
  pinnedActions,
  checkoutCredentials,
  noExpressionInScripts,
  noDangerousForms,
  timeouts,
  concurrency,
  deployEnvironment,
  noSecretsInConditions,
  optionalSlack,
  notifyJob,
  forkPullRequests,
  serviceImages,
  noCacheInDeployments,
  lockedInstalls,
  provenance,
  digestDeploy,
  ssh,
  remoteScript,
  rollback,
  audits,
  codeScanning,
  dependabot,
  releases,
  bareConditions,
  nginxLog,
]

/**
 * Checks a set of files against {@link rules}.
 *
 * @param texts - file texts by path from the repository's root, with `/`; files without a rule are ignored
 * @example
 * ```ts
 * for (const { rule, path, line, message } of lintFiles(new Map([['.github/workflows/ci.yml', source]]))) {
 *   console.error(`${path}:${line} ${rule} ${message}`)
 * }
 * ```
 */
export function lintFiles(texts: ReadonlyMap<string, string>): Finding[] {
  const files: PolicyFiles = new Map([...texts].map(([path, text]) => [path, policyFile(path, text)]))
  return [...files.values()].flatMap((file) => lintFile(file, files))
}

/**
 * Checks the workflows of a repository and the files that belong to them: dependabot.yml, scripts, nginx configuration.
 *
 * @param root - the repository's root directory
 */
export function lintRepository(root: string): Promise<Finding[]> {
  return Promise.resolve().then(() => lintFiles(readPolicyFiles(new Repository(root))))
}

function lintFile(file: PolicyFile, files: PolicyFiles): Finding[] {
  const broken = file.workflow?.syntaxError
  if (broken !== undefined) {
    return [
      {
        rule: 'W00',
        path: file.path,
        line: broken.line,
        message: broken.message,
        why: 'GitHub ignores a workflow that is not YAML',
      },
    ]
  }
  return rules.flatMap((rule) =>
    [...problems(rule, file, files)].map((problem) => ({ rule: rule.id, path: file.path, ...problem, why: rule.why })),
  )
}

function problems(rule: Rule, file: PolicyFile, files: PolicyFiles): Iterable<Problem> {
  if (isWorkflowRule(rule)) return file.workflow === undefined ? [] : rule.workflow(file.workflow, files)
  return rule.applies(file.path) ? rule.file(file, files) : []
}

function isWorkflowRule(rule: WorkflowRule | FileRule): rule is WorkflowRule {
  return 'workflow' in rule
}

function policyFile(path: string, source: string): PolicyFile {
  const text = source.replaceAll('\r\n', '\n')
  return isWorkflow(path) ? { path, text, workflow: new Workflow(text) } : { path, text }
}

function isWorkflow(path: string): boolean {
  return /^\.github\/workflows\/[^/]+\.ya?ml$/.test(path)
}

const folders = ['.github/workflows', '.github', '.github/scripts', 'deploy', 'nginx', 'scripts', '']
const interesting = /\.ya?ml$|\.sh$|nginx[^/]*\.conf$/

function readPolicyFiles(repository: Repository): Map<string, string> {
  const texts = new Map<string, string>()
  for (const folder of folders) {
    for (const { name, directory } of repository.list(folder)) {
      const path = folder === '' ? name : `${folder}/${name}`
      if (directory || !(interesting.test(name) || (folder === 'nginx' && name.endsWith('.conf')))) continue
      const text = repository.read(path)
      if (text !== undefined) texts.set(path, text)
    }
  }
  return texts
}
