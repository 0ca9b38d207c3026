import { commandsOf, logicalLines } from './shell.ts'
import type { FileRule, WorkflowRule } from './rule.ts'
import { parseDocument } from 'yaml'
import { isRecord } from '../common/repository.ts'

/** W15: CI installs locked versions. */
export const lockedInstalls: WorkflowRule = {
  id: 'W15',
  what: 'lockfile installs only',
  why: 'an install that resolves versions again runs code that was never tested or reviewed',
  *workflow(workflow) {
    for (const step of workflow.steps) {
      for (const command of commandsOf(step.run).map(withoutGlobalFlags)) {
        const message = looseInstall(command)
        if (message !== undefined) yield { line: step.lineOf('run'), message: `${message} (\`${command}\`)` }
      }
    }
  },
}

/** `npm --prefix web install` is an `npm install`. */
function withoutGlobalFlags(command: string): string {
  return command.replace(
    /^(npm|pnpm|yarn|bun|uv|poetry)(?: (?:--(?:prefix|dir|cwd|filter|workspace|project|directory)[ =]\S+|-[CFw] \S+|-r|--recursive))+/,
    '$1',
  )
}

function looseInstall(command: string): string | undefined {
  if (/^npm (?:install|i|add|update)\b/.test(command) && !isPinnedGlobal(command)) return 'Use `npm ci`'
  if (/^pnpm (?:install|i)\b/.test(command) && !/--frozen-lockfile\b/.test(command)) return 'Add `--frozen-lockfile`'
  if (/^yarn(?: install)?(?: -|$)/.test(command) && !/--(?:immutable|frozen-lockfile)\b/.test(command))
    return 'Add `--immutable`'
  if (/^bun (?:install|i)\b/.test(command) && !/--frozen-lockfile\b/.test(command)) return 'Add `--frozen-lockfile`'
  if (/^(?:pnpm|yarn|bun|uv|poetry) (?:add|update|upgrade|up)(?:\s|$)/.test(command)) return 'Install from the lockfile'
  if (/^uv sync\b/.test(command) && !/--(?:locked|frozen)\b/.test(command)) return 'Add `--locked`'
  if (/^(?:npx|npm exec|pnpm dlx|yarn dlx|bunx)\s/.test(command)) return looseProgram(command)
  if (/^(?:poetry run |uv )?(?:python[\d.]* -m )?pip3? install\b/.test(command)) return loosePip(command)
  if (/^(?:pipx (?:install|run)|uvx|uv tool (?:install|run))\b/.test(command) && !/(?:==|@)\d/.test(command))
    return 'Name the exact version (`name==1.2.3`)'
  return undefined
}

function isPinnedGlobal(command: string): boolean {
  return /\s(?:-g|--global)\s/.test(command) && /@\d/.test(command)
}

function looseProgram(command: string): string | undefined {
  if (/--no-install\b|--no\b/.test(command)) return undefined
  const name = command
    .split(/\s+/)
    .slice(1)
    .find((word) => !word.startsWith('-') && word !== 'dlx' && word !== 'exec')
  return name !== undefined && /.@\d+\.\d+\.\d+/.test(name)
    ? undefined
    : 'Name the exact version (`name@1.2.3`), or use the installed program'
}

function loosePip(command: string): string | undefined {
  const words = command
    .slice(command.indexOf('install') + 'install'.length)
    .trim()
    .split(/\s+/)
  for (let index = 0; index < words.length; index++) {
    const word = words[index] ?? ''
    if (/^(?:-[rcift]|--(?:requirement|constraint|index-url|extra-index-url|find-links|target|python))$/.test(word))
      index++
    else if (!word.startsWith('-') && !/==\d/.test(word) && word !== '.')
      return 'Install requirement files or exact versions only'
  }
  return undefined
}

/** W21: known vulnerabilities fail the run. */
export const audits: WorkflowRule = {
  id: 'W21',
  what: 'audit at `high`, production dependencies, no `|| true`',
  why: 'an audit that cannot fail is useless, and one that fails on development tools is soon disabled',
  *workflow(workflow) {
    for (const step of workflow.steps) {
      const script = logicalLines(step.run).join('\n')
      const scans = commandsOf(step.run).some((command) => scanner.test(command))
      if (scans && (ignored.test(script) || [step.table, step.job.table].some(mayFail)))
        yield { line: step.lineOf('run'), message: 'Let the audit fail the run.' }
      for (const [command] of script.matchAll(/\b(?:npm|pnpm|bun|yarn(?: npm)?) audit\b[^\n]*/g)) {
        if (!/(?:--audit-level|--severity|--level)[= ]high\b/.test(command))
          yield { line: step.lineOf('run'), message: 'Audit at severity `high`.' }
        if (
          !/--omit[= ]dev\b|--prod(?:uction)?\b|--environment[= ]production\b|--groups[= ]dependencies\b/.test(command)
        ) {
          yield { line: step.lineOf('run'), message: 'Audit production dependencies.' }
        }
      }
    }
    const security = workflow.jobs.find(({ id }) => id === 'security')
    if (security !== undefined && !security.steps.some((step) => /\baudit\b|\bsafety\b/.test(step.run))) {
      yield { line: security.line, message: 'Job security scans no dependencies.' }
    }
  },
}

const scanner =
  /^(?:npm|pnpm|bun|yarn(?: npm)?) audit\b|^(?:(?:uv|poetry) run |uvx (?:--from \S+ )?|pipx run (?:--spec \S+ )?|python[\d.]* -m )?(?:pip-audit|safety|pip_audit)\b/

/** Matches a scan whose status is ignored; `|| exit 1` and `|| status=$?` keep it. */
const ignored =
  /\b(?:audit|pip-audit|pip_audit|safety)\b[^\n|]*\|\|(?!.*\b(?:\w+=\$\?|exit [1-9]|exit "?\$|false\b|return [1-9]))/

function mayFail(owner: Readonly<Record<string, unknown>>): boolean {
  const setting = owner['continue-on-error']
  return setting !== undefined && setting !== false
}

/** W22: code and new dependencies are analysed. */
export const codeScanning: WorkflowRule = {
  id: 'W22',
  what: 'CodeQL and dependency review where available, else osv or semgrep',
  why: 'an audit knows published vulnerabilities only; these tools find new ones and reject a bad dependency before it is merged',
  *workflow(workflow) {
    const security = workflow.jobs.find(({ id }) => id === 'security')
    if (security === undefined) return
    const has = (action: string, command: RegExp) =>
      security.steps.some((step) => step.isAction(action) || command.test(step.run))
    const never = /(?!)/
    const osv = has('google/osv-scanner-action', /\bosv-scanner\b/)
    if (!has('github/codeql-action', never) && !has('semgrep/semgrep-action', /\bsemgrep\b/)) {
      yield { line: security.line, message: 'Job security analyses no code: add CodeQL or Semgrep.' }
    }
    if (workflow.onPullRequest && !has('actions/dependency-review-action', never) && !osv) {
      yield {
        line: security.line,
        message: 'Job security reviews no new dependency: add dependency review or OSV-Scanner.',
      }
    }
  },
}

/** W23: pinned versions are updated. */
export const dependabot: FileRule = {
  id: 'W23',
  what: '`.github/dependabot.yml` keeps the actions current',
  why: 'a pinned commit gets no security fixes by itself',
  applies: (path) => path.startsWith('.github/workflows/') || path === '.github/dependabot.yml',
  *file(file, files) {
    const configuration = files.get('.github/dependabot.yml') ?? files.get('.github/dependabot.yaml')
    if (configuration === undefined) {
      const first = [...files.keys()].filter((path) => path.startsWith('.github/workflows/')).sort()[0]
      if (file.path === first)
        yield { line: 1, message: 'Add .github/dependabot.yml with the ecosystem github-actions.' }
      return
    }
    if (file !== configuration) return
    const document = parseDocument(file.text)
    const value: unknown = document.errors.length === 0 ? document.toJS() : undefined
    const updates = isRecord(value) && Array.isArray(value['updates']) ? value['updates'] : []
    if (!isRecord(value) || value['version'] !== 2) yield { line: 1, message: 'It must be YAML with `version: 2`.' }
    if (!updates.some((update) => isRecord(update) && update['package-ecosystem'] === 'github-actions')) {
      yield { line: 1, message: 'Add the ecosystem github-actions.' }
    }
  },
}
