import { execFile } from 'node:child_process'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { parse } from 'yaml'
import { failed, type Finding, ok, reasonOf, skipped, warning } from './finding.ts'
import { checkWorkflowPolicy } from './workflow-policy.ts'

const workflowFolder = '.github/workflows'

/** Secrets without which a workflow leaves a step out, and stays green. */
const optionalSecrets = new Set(['SLACK_WEBHOOK', 'CODECOV_TOKEN', 'SAFETY_API_KEY'])

interface Workflow {
  readonly path: string
  readonly text: string
}

/** The guide's "CI/CD" troubles: a workflow file that GitHub rejects, and secrets that are not there. */
export async function checkGithub(cwd: string, env: Readonly<Record<string, string | undefined>>): Promise<Finding[]> {
  const workflows = await readWorkflows(cwd)
  if (workflows.length === 0) return [skipped('workflows', `there are no files in ${workflowFolder}`)]
  const secrets = await checkSecrets(cwd, env, secretsOf(workflows))
  return [...workflows.map(checkWorkflow), ...(await checkWorkflowPolicy(cwd)), secrets]
}

async function readWorkflows(cwd: string): Promise<Workflow[]> {
  const folder = join(cwd, workflowFolder)
  const names = await readdir(folder).catch(() => [])
  const files = names.filter((name) => /\.ya?ml$/.test(name)).toSorted()
  return Promise.all(
    files.map(async (name) => ({
      path: `${workflowFolder}/${name}`,
      text: await readFile(join(folder, name), 'utf8'),
    })),
  )
}

function checkWorkflow({ path, text }: Workflow): Finding {
  const mend = 'Correct the file, or let `focus init` write it anew.'
  let document: unknown
  try {
    document = parse(text)
  } catch (error) {
    return failed('workflows', `${path} is not YAML: ${reasonOf(error).split('\n', 1)[0]}`, mend)
  }
  if (typeof document !== 'object' || document === null) return failed('workflows', `${path} is empty.`, mend)
  const { on, jobs } = document as { on?: unknown; jobs?: unknown }
  if (on === undefined || on === null) return failed('workflows', `${path} says not when it runs (on).`, mend)
  if (typeof jobs !== 'object' || jobs === null || Object.keys(jobs).length === 0) {
    return failed('workflows', `${path} has no jobs.`, mend)
  }
  const broken = Object.entries(jobs).find(([, job]) => !isJob(job))
  if (broken !== undefined) {
    return failed('workflows', `${path}: the job ${broken[0]} has no runs-on and uses no other workflow.`, mend)
  }
  return ok('workflows', `${path} has ${Object.keys(jobs).join(', ')}`)
}

function isJob(job: unknown): boolean {
  return typeof job === 'object' && job !== null && ('runs-on' in job || 'uses' in job)
}

function secretsOf(workflows: readonly Workflow[]): string[] {
  const names = workflows.flatMap(({ text }) =>
    [...text.matchAll(/\bsecrets\.([A-Za-z_]\w*)/g)].map((match) => match[1] ?? ''),
  )
  return [...new Set(names)].filter((name) => name !== 'GITHUB_TOKEN').toSorted()
}

async function checkSecrets(
  cwd: string,
  env: Readonly<Record<string, string | undefined>>,
  needed: readonly string[],
): Promise<Finding> {
  const check = 'github.secrets'
  if (needed.length === 0) return ok(check, 'the workflows need no secrets')
  let present: Set<string>
  try {
    const { stdout } = await promisify(execFile)('gh', ['secret', 'list', '--json', 'name'], {
      cwd,
      env,
      timeout: 15_000,
    })
    const list: { name: string }[] = JSON.parse(stdout)
    present = new Set(list.map(({ name }) => name))
  } catch (error) {
    const why = reasonOf(error).includes('ENOENT')
      ? 'gh, the GitHub command line, is not installed'
      : 'gh cannot list them; `gh auth login` may help'
    return skipped(check, `whether ${needed.join(', ')} are set is not known: ${why}`)
  }
  const missing = needed.filter((name) => !present.has(name))
  const required = missing.filter((name) => !optionalSecrets.has(name))
  const mend = `Settings > Secrets and variables > Actions, or: ${missing.map((name) => `gh secret set ${name}`).join('; ')}`
  if (required.length > 0) return failed(check, `Secrets are missing: ${required.join(', ')}.`, mend)
  if (missing.length > 0) return warning(check, `Optional secrets are not set: ${missing.join(', ')}.`, mend)
  return ok(check, `all are set: ${needed.join(', ')}`)
}
