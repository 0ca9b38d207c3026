import { execFile } from 'node:child_process'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { parse } from 'yaml'
import { inspectWorkflow } from '@focus-api/scaffold'
import { failed, type Finding, ok, reasonOf, skipped, warning } from './finding.ts'
import { checkWorkflowPolicy } from './workflow-policy.ts'

const workflowFolder = '.github/workflows'

/** Secrets that are optional: without them, a workflow skips a step and succeeds. */
const optionalSecrets = new Set(['SLACK_WEBHOOK', 'CODECOV_TOKEN', 'SAFETY_API_KEY'])

interface Workflow {
  readonly path: string
  readonly text: string
}

/** Checks the problems of the guide's "CI/CD" section: invalid workflow files and missing secrets. */
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
  const read = await Promise.all(
    files.map(async (name) => ({
      path: `${workflowFolder}/${name}`,
      // A folder with such a name, or a broken link, is not a workflow.
      text: await readFile(join(folder, name), 'utf8').catch(() => null),
    })),
  )
  return read.flatMap(({ path, text }) => (text === null ? [] : [{ path, text }]))
}

function checkWorkflow({ path, text }: Workflow): Finding {
  const fix = 'Correct the file, or run `focus init` to write it again.'
  const { syntaxError } = inspectWorkflow(text)
  if (syntaxError) return failed('workflows', `${path} is not YAML: ${syntaxError.message}`, fix)
  const document: unknown = parse(text)
  if (typeof document !== 'object' || document === null) return failed('workflows', `${path} is empty.`, fix)
  const { on, jobs } = document as { on?: unknown; jobs?: unknown }
  if (on === undefined || on === null) return failed('workflows', `${path} does not define when it runs (on).`, fix)
  if (typeof jobs !== 'object' || jobs === null || Object.keys(jobs).length === 0) {
    return failed('workflows', `${path} has no jobs.`, fix)
  }
  const broken = Object.entries(jobs).find(([, job]) => !isJob(job))
  if (broken !== undefined) {
    return failed('workflows', `${path}: the job ${broken[0]} has no runs-on and uses no other workflow.`, fix)
  }
  return ok('workflows', `${path} has ${Object.keys(jobs).join(', ')}`)
}

function isJob(job: unknown): boolean {
  return typeof job === 'object' && job !== null && ('runs-on' in job || 'uses' in job)
}

/**
 * Returns the secrets by name, each with the environments of the jobs that read it; an empty name stands for a job
 * without one.
 */
function secretsOf(workflows: readonly Workflow[]): ReadonlyMap<string, ReadonlySet<string>> {
  const secrets = new Map<string, Set<string>>()
  for (const job of workflows.flatMap(({ text }) => inspectWorkflow(text).jobs)) {
    for (const name of job.secrets) secrets.set(name, (secrets.get(name) ?? new Set()).add(job.environment ?? ''))
  }
  return new Map([...secrets].toSorted(([a], [b]) => (a < b ? -1 : 1)))
}

async function checkSecrets(
  cwd: string,
  env: Readonly<Record<string, string | undefined>>,
  secrets: ReadonlyMap<string, ReadonlySet<string>>,
): Promise<Finding> {
  const check = 'github.secrets'
  const needed = [...secrets.keys()]
  if (needed.length === 0) return ok(check, 'the workflows need no secrets')
  const list = async (...place: readonly string[]): Promise<ReadonlySet<string>> => {
    const options = { cwd, env, timeout: 15_000 }
    const { stdout } = await promisify(execFile)('gh', ['secret', 'list', '--json', 'name', ...place], options)
    const found: { name: string }[] = JSON.parse(stdout)
    return new Set(found.map(({ name }) => name))
  }
  let ofRepository: ReadonlySet<string>
  const ofEnvironment = new Map<string, ReadonlySet<string>>()
  try {
    ofRepository = await list()
    for (const environment of new Set([...secrets.values()].flatMap((environments) => [...environments]))) {
      // An environment that does not exist has no secrets.
      if (environment !== '')
        ofEnvironment.set(environment, await list('--env', environment).catch(() => new Set<string>()))
    }
  } catch (error) {
    const why = reasonOf(error).includes('ENOENT')
      ? 'gh, the GitHub command line, is not installed'
      : 'gh cannot list them; try `gh auth login`'
    return skipped(check, `cannot check whether ${needed.join(', ')} are set: ${why}`)
  }
  const missing = [...secrets].flatMap(([name, environments]) =>
    ofRepository.has(name) || [...environments].every((environment) => ofEnvironment.get(environment)?.has(name))
      ? []
      : [name],
  )
  const required = missing.filter((name) => !optionalSecrets.has(name))
  const fix = `Settings > Secrets and variables > Actions, or: ${missing.map((name) => `gh secret set ${name}`).join('; ')}`
  if (required.length > 0) return failed(check, `Secrets are missing: ${required.join(', ')}.`, fix)
  if (missing.length > 0) return warning(check, `Optional secrets are not set: ${missing.join(', ')}.`, fix)
  return ok(check, `all are set: ${needed.join(', ')}`)
}
