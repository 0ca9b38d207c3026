import type { WorkflowRule } from './rule.ts'
import { stringOf, table, type Workflow } from './workflow.ts'

/** W06: no job hangs for six hours. */
export const timeouts: WorkflowRule = {
  id: 'W06',
  what: '`timeout-minutes` on every job',
  why: 'a job that hangs holds a runner, and a deployment lock, for six hours',
  *workflow(workflow) {
    for (const job of workflow.jobs) {
      const calls = job.table['uses'] !== undefined
      const limit = job.table['timeout-minutes']
      if (!calls && typeof limit !== 'number' && !stringOf(limit).startsWith('${{')) {
        yield { line: job.line, message: `Give job ${job.id} a \`timeout-minutes\`.` }
      }
    }
  },
}

/** W07: concurrent runs. */
export const concurrency: WorkflowRule = {
  id: 'W07',
  what: 'concurrency: CI by workflow and pull request or ref, cancelling; deploy one fixed group, not cancelling',
  why: 'results of an old push are worthless, but a deployment that is cancelled half-way leaves the server between two versions',
  *workflow(workflow) {
    const top = workflow.root['concurrency']
    if (workflow.onPullRequest) {
      const { group, cancels } = read(top)
      const scoped =
        /github\.workflow\b/.test(group) &&
        /github\.(?:ref|head_ref|event\.pull_request\.number|event\.number)\b/.test(group)
      if (!scoped || !cancels) {
        yield {
          line: workflow.line(['concurrency']),
          message: 'Group by `github.workflow` and the pull request or `github.ref`, with `cancel-in-progress: true`.',
        }
      }
    } else if (workflow.deploys) yield* fixedGroup(workflow, top)
  },
}

function* fixedGroup(workflow: Workflow, top: unknown) {
  if (isFixed(top)) return
  for (const job of workflow.jobs.filter((job) => job.table['environment'] !== undefined)) {
    if (!isFixed(job.table['concurrency'])) {
      yield {
        line: top === undefined ? job.line : workflow.line(['concurrency']),
        message: `Give job ${job.id} or the workflow one fixed concurrency group, with \`cancel-in-progress: false\`.`,
      }
    }
  }
}

function isFixed(value: unknown): boolean {
  const { group, cancels } = read(value)
  return group !== '' && !group.includes('${{') && !cancels
}

function read(value: unknown): { readonly group: string; readonly cancels: boolean } {
  if (typeof value === 'string') return { group: value, cancels: false }
  return {
    group: stringOf(table(value)['group']),
    cancels:
      stringOf(table(value)['cancel-in-progress']) !== 'false' && table(value)['cancel-in-progress'] !== undefined,
  }
}

/** W08: deploy secrets are protected by an environment. */
export const deployEnvironment: WorkflowRule = {
  id: 'W08',
  what: '`environment: production` on jobs with deploy secrets',
  why: 'an environment limits which branches see the secrets, and can require an approval',
  *workflow(workflow) {
    for (const job of workflow.jobs) {
      const secret = job.secrets.find((name) => deploySecret.test(name))
      if (secret !== undefined && job.environment === '') {
        yield { line: job.line, message: `Job ${job.id} reads ${secret}: give it \`environment: production\`.` }
      }
    }
  },
}

const deploySecret = /^(?:DOCKER|SERVER|SSH|DEPLOY|NPM|PYPI|AWS|AZURE|GCP|KUBE)_/
