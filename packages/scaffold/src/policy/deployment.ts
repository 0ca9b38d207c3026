import { callsSsh, commandsOf } from './shell.ts'
import type { FileRule, PolicyFiles, WorkflowRule } from './rule.ts'
import type { Job, Step } from './workflow.ts'

/** W18: the server's identity is checked, and the key is removed. */
export const ssh: WorkflowRule = {
  id: 'W18',
  what: 'plain `ssh`; key file mode 600 under `$RUNNER_TEMP`, removed always; `StrictHostKeyChecking=yes` with `SERVER_KNOWN_HOSTS`, refused without it',
  why: 'without the host key, an attacker between the runner and the server can take the credentials',
  *workflow(workflow) {
    for (const step of workflow.steps) {
      if (/^(?:appleboy\/(?:ssh|scp)-action|webfactory\/ssh-agent|shimataro\/ssh-key-action)$/.test(step.action)) {
        yield { line: step.lineOf('uses'), message: 'Use the runner’s own ssh.' }
      }
      if (commandsOf(step.run).some((command) => /^ssh-keyscan\b|\$\(\s*ssh-keyscan\b/.test(command)))
        yield {
          line: step.lineOf('run'),
          message: 'Take the host key from SERVER_KNOWN_HOSTS; a key that is fetched during the run proves nothing.',
        }
    }
    for (const job of workflow.jobs) {
      const connecting = job.steps.filter((step) => callsSsh(step.run) || copiesOverSsh(step))
      for (const step of connecting) yield* checkSsh(job, step)
    }
  },
}

function copiesOverSsh(step: Step): boolean {
  return commandsOf(step.run).some((command) => /^(?:scp|sftp)\s|^rsync\s.*\bssh\b/.test(command))
}

function* checkSsh(job: Job, step: Step) {
  const line = step.lineOf('run')
  if (!/StrictHostKeyChecking[= ]yes\b/.test(step.run) || /StrictHostKeyChecking[= ](?!yes\b)/.test(step.run))
    yield { line, message: 'Connect with `-o StrictHostKeyChecking=yes`.' }
  const scripts = job.steps.map((other) => other.run).join('\n')
  if (!/\[ -z "\$SERVER_KNOWN_HOSTS" \]|\$\{SERVER_KNOWN_HOSTS:\?/.test(scripts)) {
    yield { line: job.line, message: 'Stop when SERVER_KNOWN_HOSTS is not set, and print how to obtain it.' }
  }
  if (!/install -m 600 \S+ "\$RUNNER_TEMP|umask 077|chmod 600 "\$RUNNER_TEMP/.test(scripts)) {
    yield { line: job.line, message: 'Keep the key in a file of mode 600 under $RUNNER_TEMP.' }
  }
  const removed = job.steps.some(
    (other) => other.condition === 'always()' && /\brm -[rf]+ "\$RUNNER_TEMP/.test(other.run),
  )
  if (!removed) yield { line: job.line, message: 'Remove the key in a last step with `if: always()`.' }
}

/** W19: the remote script can be read, checked and tested. */
export const remoteScript: WorkflowRule = {
  id: 'W19',
  what: 'the remote script is a separate file, sent over stdin',
  why: 'no reviewer reads and no tool checks a script in a quoted string inside YAML',
  *workflow(workflow, files) {
    for (const step of workflow.steps.filter((step) => callsSsh(step.run))) {
      const line = step.lineOf('run')
      const path = scriptPath(step)
      if (path === undefined || /<<-?\s*['"]?\w+/.test(step.run))
        yield { line, message: 'Send a script file to `bash -s` over stdin.' }
      else if (!files.has(path)) yield { line, message: `${path} does not exist.` }
    }
  },
}

function scriptPath(step: Step): string | undefined {
  if (!/\bbash -s\b/.test(step.run)) return undefined
  return /(?:\bcat|<)\s+"?([\w./-]+\.sh)\b/.exec(step.run)?.[1]
}

/** W20: a failed release is rolled back. */
export const rollback: FileRule = {
  id: 'W20',
  what: 'roll back: record the running image, start the new one, poll health for at least 120 s, on failure restart the old image, verify it, exit 1; prune only after success, with an age filter',
  why: 'only the old image is known to work, and pruning first would delete it',
  applies: (path) => path.endsWith('.sh'),
  *file(file, files) {
    if (!isRemoteScript(file.path, files)) return
    const { text } = file
    const missing = (pattern: RegExp, message: string) => (pattern.test(text) ? [] : [{ line: 1, message }])
    yield* missing(/docker (?:container )?inspect\b/, 'Record the running image before you replace it.')
    yield* missing(/^\s*exit 1\b/m, 'End with status 1 after a rollback.')
    yield* missing(/\bset -[A-Za-z]*e/, 'Stop at the first error: `set -euo pipefail`.')
    const timeout = Number(/HEALTH_TIMEOUT:=(\d+)/.exec(text)?.[1] ?? '0')
    if (timeout < 120) yield { line: 1, message: 'Poll health for at least 120 seconds (HEALTH_TIMEOUT).' }
    const prunes = [...text.matchAll(/^.*docker (?:image|system) prune\b.*$/gm)]
    for (const [command] of prunes) {
      if (!/--filter\s+"?until=/.test(command))
        yield { line: lineOf(text, command), message: 'Prune by age only: `--filter until=168h`.' }
    }
    const last = prunes[0]?.[0]
    if (last !== undefined && /\bhealthy\b[^\n]*\n[^]*roll_back/.test(text.slice(text.indexOf(last)))) {
      yield { line: lineOf(text, last), message: 'Prune only after the new image is healthy.' }
    }
  },
}

function isRemoteScript(path: string, files: PolicyFiles): boolean {
  return [...files.values()].some(
    (file) => file.workflow?.steps.some((step) => callsSsh(step.run) && scriptPath(step) === path) ?? false,
  )
}

/** W26: tokens and codes stay out of the access log. */
export const nginxLog: FileRule = {
  id: 'W26',
  what: 'the nginx log format has no `$args`',
  why: 'query strings carry tokens, tickets and authorization codes, and logs are copied to places that must not have them',
  applies: (path) => /(?:^|\/)nginx[^/]*\.conf$|\/nginx\/.*\.conf$/.test(path),
  *file({ text }) {
    const bare = text.replaceAll(/^\s*#.*$/gm, '')
    for (const [format] of bare.matchAll(/\blog_format\b[^;]*;/g)) {
      const variable =
        /\$(?:args|query_string|is_args|request_uri|request|http_referer|arg_\w+|http_cookie|http_authorization)\b(?!_)/.exec(
          format,
        )?.[0]
      if (variable !== undefined)
        yield {
          line: lineOf(text, format),
          message: `Remove ${variable} from the log format; \`$request_method $uri\` is enough.`,
        }
    }
    for (const [directive, name] of bare.matchAll(/\baccess_log\s+[^\s;]+(?:\s+(\w+))?[^;]*;/g)) {
      if (/access_log\s+off\b/.test(directive)) continue
      if (name === undefined || name === 'combined' || name === 'main') {
        yield {
          line: lineOf(text, directive),
          message: 'Name a log format without the query string; the default format writes it.',
        }
      }
    }
    if (/\bproxy_pass\b/.test(bare) && !/\baccess_log\b/.test(bare))
      yield { line: 1, message: 'Set `access_log` with a custom format; the default format writes the query string.' }
  },
}

function lineOf(text: string, part: string): number {
  return text.slice(0, Math.max(0, text.indexOf(part))).split('\n').length
}
