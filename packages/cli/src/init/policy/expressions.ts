import type { WorkflowRule } from './types.ts'
import type { Job, Step } from './workflow.ts'

/** W04: values reach scripts as variables. */
export const noExpressionInScripts: WorkflowRule = {
  id: 'W04',
  what: 'no `${{ }}` inside `run:`; values pass through `env:` and are quoted',
  why: 'an expression is pasted into the script before the shell reads it: a branch or a title becomes code',
  *workflow(workflow) {
    for (const step of workflow.steps) {
      if (step.run.includes('${{')) {
        yield { line: step.lineOf('run'), message: 'Pass the value through `env:` and use it as "$NAME".' }
      }
      const script = step.inputs['script']
      if (step.isAction('actions/github-script') && typeof script === 'string' && script.includes('${{')) {
        yield { line: step.lineOf('with', 'script'), message: 'Pass the value through `env:` and read process.env.' }
      }
    }
  },
}

/** W05: ways to hand a stranger the secrets. */
export const noDangerousForms: WorkflowRule = {
  id: 'W05',
  what: 'no `pull_request_target`, `workflow_run`, `secrets: inherit`, `toJson(secrets)`, `curl | sh`',
  why: 'each of them runs code that nobody reviewed with secrets that it should not see',
  *workflow(workflow) {
    for (const trigger of ['pull_request_target', 'workflow_run']) {
      if (workflow.triggers.includes(trigger))
        yield { line: workflow.line(['on', trigger]), message: `Do not start it on ${trigger}.` }
    }
    for (const job of workflow.jobs) {
      if (job.table['secrets'] === 'inherit')
        yield { line: job.lineOf('secrets'), message: 'Name the secrets that the called workflow needs.' }
    }
    const dumped = workflow.text.split('\n').findIndex((line) => /tojson\(\s*secrets\s*\)/i.test(line))
    if (dumped !== -1) yield { line: dumped + 1, message: 'Name the secrets that are needed; do not pass them all.' }
    for (const step of workflow.steps) {
      if (pipedToShell.test(step.run.replaceAll(/\\\n/g, ' '))) {
        yield {
          line: step.lineOf('run'),
          message: 'Do not run what was just downloaded: install a pinned version and check it.',
        }
      }
    }
  },
}

const pipedToShell =
  /\b(?:curl|wget)\b[^\n|]*\|\s*(?:sudo\s+)?(?:ba|z|da|k)?sh\b|\b(?:ba|z)?sh\s+(?:-c\s+)?["']?[<$]\(\s*(?:curl|wget)\b/

/** W09: conditions and secrets. */
export const noSecretsInConditions: WorkflowRule = {
  id: 'W09',
  what: 'no `secrets.*` in an `if:`: job `env`, then test `env.X`',
  why: 'GitHub rejects the whole file',
  *workflow(workflow) {
    for (const { condition, lineOf } of conditions(workflow.jobs)) {
      if (/\bsecrets\b/.test(condition))
        yield { line: lineOf(), message: "Put the secret into the job's `env:` and test `env.NAME != ''`." }
    }
  },
}

/** W25: conditions that are what they say. */
export const bareConditions: WorkflowRule = {
  id: 'W25',
  what: 'bare `if:` expressions',
  why: 'a block scalar, or text around `${{ }}`, is a non-empty string, and that is always true',
  *workflow(workflow) {
    for (const { condition, lineOf, path } of conditions(workflow.jobs)) {
      if (workflow.isBlockScalar(path))
        yield { line: lineOf(), message: 'Write the condition on one line, without `|` or `>`.' }
      else if (condition.includes('${{')) yield { line: lineOf(), message: 'Write the condition without `${{ }}`.' }
    }
  },
}

function* conditions(jobs: readonly Job[]) {
  const owners: (Job | Step)[] = jobs.flatMap((job) => [job, ...job.steps])
  for (const owner of owners) {
    yield { condition: owner.condition, path: [...owner.path, 'if'], lineOf: () => owner.lineOf('if') }
  }
}
