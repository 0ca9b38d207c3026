import type { WorkflowRule } from './rule.ts'
import { logicalLines, pipelinesOf } from './shell.ts'
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

/** W05: triggers and forms that expose secrets to strangers. */
export const noDangerousForms: WorkflowRule = {
  id: 'W05',
  what: 'no `pull_request_target`, `workflow_run`, `secrets: inherit`, `toJson(secrets)`, `curl | sh`',
  why: 'each of them can run unreviewed code that has access to secrets',
  *workflow(workflow) {
    for (const trigger of ['pull_request_target', 'workflow_run']) {
      if (workflow.triggers.includes(trigger))
        yield { line: workflow.line(['on', trigger]), message: `Do not start it on ${trigger}.` }
    }
    for (const job of workflow.jobs) {
      if (job.table['secrets'] === 'inherit')
        yield { line: job.lineOf('secrets'), message: 'Name the secrets that the called workflow needs.' }
    }
    const dumped = /tojson\s*\(\s*secrets\s*\)|\bsecrets\s*\[\s*[a-z]/i.exec(workflow.text)
    if (dumped !== null) {
      yield {
        line: workflow.text.slice(0, dumped.index).split('\n').length,
        message: 'Name the secrets that are needed; do not pass them all.',
      }
    }
    for (const step of workflow.steps) {
      if (runsDownload(step.run)) {
        yield {
          line: step.lineOf('run'),
          message: 'Do not run a download directly: install a pinned version and verify it.',
        }
      }
    }
  },
}

function runsDownload(script: string): boolean {
  const piped = pipelinesOf(script).some((commands) => {
    const download = commands.findIndex((command) => /\b(?:curl|wget|iwr|irm|invoke-webrequest)\b/i.test(command))
    return download !== -1 && commands.slice(download + 1).some((command) => interpreter.test(command))
  })
  return piped || logicalLines(script).some((line) => substituted.test(line))
}

/** A program that executes its standard input: a shell, or an interpreter without a script argument. */
const interpreter =
  /^(?:\/[\w/]+\/)?(?:(?:ba|z|da|k)?sh\b|(?:python[\d.]*|node|perl|ruby)(?: -)?$|(?:iex|invoke-expression)\b)/i

const substituted =
  /(?:\b(?:ba|z|da|k)?sh|\beval|\bsource|(?:^|[;&|]\s*)\.)\s+(?:-\w+\s+)*["']?[<$]\(\s*(?:curl|wget)\b/

/** W09: conditions do not read secrets. */
export const noSecretsInConditions: WorkflowRule = {
  id: 'W09',
  what: 'no `secrets.*` in an `if:`: job `env`, then test `env.X`',
  why: 'GitHub rejects the whole file',
  *workflow(workflow) {
    for (const { condition, lineOf } of conditions(workflow.jobs)) {
      if (/\bsecrets\b/i.test(condition))
        yield { line: lineOf(), message: "Put the secret into the job's `env:` and test `env.NAME != ''`." }
    }
  },
}

/** W25: conditions mean what they say. */
export const bareConditions: WorkflowRule = {
  id: 'W25',
  what: 'bare `if:` expressions',
  why: 'a block scalar, or text around `${{ }}`, is a non-empty string, which is always true',
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
