import { actionPins } from '../common/actions.ts'
import type { WorkflowRule } from './rule.ts'
import { stringOf, table, type Workflow } from './workflow.ts'

/** W01: permissions of the run's token. */
export const leastPrivilege: WorkflowRule = {
  id: 'W01',
  what: 'top-level `permissions: contents: read` or `{}`; writes per job, each with a comment why',
  why: 'every action and every dependency that a job runs acts with the job’s token',
  *workflow(workflow) {
    const top = workflow.root['permissions']
    const allowed =
      typeof top === 'object' &&
      top !== null &&
      Object.entries(top).every(([scope, access]) => scope === 'contents' && access === 'read')
    if (!allowed) {
      yield {
        line: workflow.line(['permissions']),
        message: 'Put `permissions: contents: read` (or `{}`) at the top, and writes on the jobs that need them.',
      }
    }
    for (const job of workflow.jobs) {
      const permissions = job.table['permissions']
      if (typeof permissions === 'string' && permissions !== 'read-all') {
        yield {
          line: job.lineOf('permissions'),
          message: `Job ${job.id} takes ${permissions}: name the scopes that it needs.`,
        }
      }
      for (const [scope, access] of Object.entries(table(permissions))) {
        const line = job.lineOf('permissions', scope)
        if (access === 'write' && !isExplained(workflow, line)) {
          yield {
            line,
            message: `Job ${job.id} takes ${scope}: write; give the reason in a comment on that line or above it.`,
          }
        }
      }
    }
  },
}

function isExplained(workflow: Workflow, line: number): boolean {
  return /\S\s+#\s*\S/.test(workflow.sourceLine(line)) || /^\s*#\s*\S/.test(workflow.sourceLine(line - 1))
}

/** W24: only the job that creates releases may write contents. */
export const releases: WorkflowRule = {
  id: 'W24',
  what: '`gh release create "$TAG" --verify-tag --generate-notes`, `contents: write` only there',
  why: 'a release of a missing tag creates that tag from the current main, and a token that writes contents can rewrite the repository',
  *workflow(workflow) {
    for (const step of workflow.steps) {
      for (const [command] of step.run.matchAll(/\bgh release create\b(?:[^\n\\]|\\\n)*/g)) {
        for (const flag of ['--verify-tag', '--generate-notes']) {
          if (!command.includes(flag))
            yield { line: step.lineOf('run'), message: `\`gh release create\` needs ${flag}.` }
        }
      }
      if (/^(?:softprops\/action-gh-release|actions\/create-release|ncipollo\/release-action)$/.test(step.action)) {
        yield {
          line: step.lineOf('uses'),
          message: 'Create the release with `gh release create`; no action is needed for it.',
        }
      }
    }
    for (const job of workflow.jobs) {
      const writes = stringOf(table(job.table['permissions'])['contents']) === 'write'
      const releasing = job.steps.some(
        (step) => /\bgh release create\b/.test(step.run) || step.isAction('changesets/action'),
      )
      if (writes && !releasing) {
        yield {
          line: job.lineOf('permissions', 'contents'),
          message: `Job ${job.id} creates no release and needs no \`contents: write\`.`,
        }
      }
    }
  },
}

/** W02: actions are pinned to commits. */
export const pinnedActions: WorkflowRule = {
  id: 'W02',
  what: 'every `uses:` is `@<40 hex> # vX.Y.Z`, from the table of reviewed commits',
  why: 'a tag can be moved to other code after you have read it; a commit cannot',
  *workflow(workflow) {
    const references = [
      ...workflow.steps.map((step) => ({ uses: step.uses, line: step.lineOf('uses') })),
      ...workflow.jobs.map((job) => ({ uses: stringOf(job.table['uses']), line: job.lineOf('uses') })),
    ]
    for (const { uses, line } of references) {
      if (uses === '' || uses.startsWith('./')) continue
      const action = /^([\w.-]+\/[\w.-]+)((?:\/[\w.-]+)*)@([0-9a-f]{40})$/.exec(uses)
      if (action === null) {
        if (!/^docker:\/\/[^@]+@sha256:[0-9a-f]{64}$/.test(uses))
          yield { line, message: `Pin ${uses} to a full commit, with its version as a comment.` }
        continue
      }
      const version = /#\s*(v\d+\.\d+\.\d+)\b/.exec(workflow.sourceLine(line))?.[1]
      if (version === undefined) yield { line, message: `Name the version of ${uses}: \`# vX.Y.Z\` on the same line.` }
      const known = actionPins.get((action[1] ?? '').toLowerCase())
      if (known !== undefined && known.version === version && known.commit !== action[3]) {
        yield { line, message: `${action[1]} ${version} is commit ${known.commit}, not ${action[3]}.` }
      }
    }
  },
}

/** W03: the token does not stay in the working tree. */
export const checkoutCredentials: WorkflowRule = {
  id: 'W03',
  what: 'every checkout has `persist-credentials: false`',
  why: 'otherwise the token stays in .git/config, where every later step and every uploaded artifact can read it',
  *workflow(workflow) {
    for (const step of workflow.steps) {
      if (step.isAction('actions/checkout') && stringOf(step.inputs['persist-credentials']) !== 'false') {
        yield { line: step.line, message: 'Add `with: persist-credentials: false`.' }
      }
    }
  },
}
