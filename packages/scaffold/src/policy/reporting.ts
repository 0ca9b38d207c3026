import type { WorkflowRule } from './rule.ts'
import { stringOf, table } from './workflow.ts'

/** W10: Slack is optional. */
export const optionalSlack: WorkflowRule = {
  id: 'W10',
  what: 'without `SLACK_WEBHOOK` the step is skipped and the job is green',
  why: 'the secret is optional, and a successful deployment must not look failed',
  *workflow(workflow) {
    for (const job of workflow.jobs) {
      if (!job.secrets.some((name) => name.startsWith('SLACK_WEBHOOK'))) continue
      const variables = { ...table(workflow.root['env']), ...table(job.table['env']) }
      const named = Object.entries(variables).find(([, value]) => /secrets\.SLACK_WEBHOOK/i.test(stringOf(value)))
      for (const step of job.steps) {
        const sends =
          /SLACK_WEBHOOK/.test(JSON.stringify({ ...step.table, if: '' })) ||
          step.isAction('slackapi/slack-github-action')
        if (!sends) continue
        if (
          named === undefined ||
          !new RegExp(`(?:^|[&(])\\s*env\\.${named[0]}\\s*(?:!=\\s*''\\s*)?(?:[&)]|$)`).test(step.condition)
        ) {
          yield {
            line: step.line,
            message: "Put the webhook into the job's `env:` and send only `if: env.SLACK_WEBHOOK != ''`.",
          }
        }
      }
    }
  },
}

/** W11: the report is sent in every case. */
export const notifyJob: WorkflowRule = {
  id: 'W11',
  what: '`notify` needs deploy and release, runs unless cancelled, reports from `needs.*.result`; `skipped` is not failure',
  why: 'a report of a failure is the one that matters most',
  *workflow(workflow) {
    const job = workflow.jobs.find(({ id }) => id === 'notify')
    if (job === undefined) return
    for (const needed of ['deploy', 'release']) {
      if (workflow.jobs.some(({ id }) => id === needed) && !job.needs.includes(needed)) {
        yield { line: job.lineOf('needs'), message: `notify must need ${needed}.` }
      }
    }
    if (!/!\s*cancelled\(\)/.test(job.condition))
      yield { line: job.lineOf('if'), message: 'Run notify `if: "!cancelled()"`.' }
    const steps = JSON.stringify(job.table['steps'] ?? [])
    for (const needed of job.needs) {
      if (!steps.includes(`needs.${needed}.result`))
        yield { line: job.line, message: `notify must report needs.${needed}.result.` }
    }
    if (
      job.needs.length > 0 &&
      !job.steps.some((step) => /\bskipped\b/.test(step.run + stringOf(step.inputs['payload'])))
    ) {
      yield { line: job.line, message: 'notify must not report a skipped job as a failure.' }
    }
  },
}

/** W12: pull requests from forks have no secrets. */
export const forkPullRequests: WorkflowRule = {
  id: 'W12',
  what: 'fork pull requests: Codecov fails CI only on push; no registry login on pull requests',
  why: 'a pull request from a fork has no secrets: steps that need them fail, and steps that have them must not run',
  *workflow(workflow) {
    if (!workflow.onPullRequest) return
    for (const step of workflow.steps) {
      const fails = stringOf(step.inputs['fail_ci_if_error'])
      if (
        step.isAction('codecov/codecov-action') &&
        fails !== '' &&
        fails !== 'false' &&
        !/github\.event_name\s*==\s*'push'/.test(fails)
      ) {
        yield {
          line: step.lineOf('with', 'fail_ci_if_error'),
          message: "Let Codecov fail CI only when `github.event_name == 'push'`.",
        }
      }
      const login = step.isAction('docker/login-action') || /\bdocker\s+login\b/.test(step.run)
      if (login && !keepsPullRequestsOut(step.condition) && !keepsPullRequestsOut(step.job.condition)) {
        yield { line: step.line, message: 'Do not log in to a registry on pull requests.' }
      }
    }
  },
}

/** Returns whether no alternative of the condition is true in a pull request. */
function keepsPullRequestsOut(condition: string): boolean {
  return alternatives(condition).every((alternative) =>
    /github\.event_name\s*(?:!=\s*'pull_request'|==\s*'push')/.test(alternative),
  )
}

/** Splits a condition at `||` outside of all brackets. */
function alternatives(condition: string): string[] {
  const parts = ['']
  let depth = 0
  for (const part of condition.split(/([()]|\|\|)/)) {
    if (part === '(') depth++
    if (part === ')') depth--
    if (part === '||' && depth === 0) parts.push('')
    else parts.push((parts.pop() ?? '') + part)
  }
  return parts
}
