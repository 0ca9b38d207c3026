import { execFile } from 'node:child_process'
import { resolve } from 'node:path'
import { listSecrets, type SecretNeed } from '@focus-api/scaffold'
import type { CommandContext } from '../../terminal/context.ts'
import { CommandFailure } from '../../terminal/failure.ts'
import { answersOf } from './flags.ts'
import { badInput, withInitExitCodes } from './init-failure.ts'

interface SecretFlags {
  readonly set?: boolean
  readonly environment?: string
  readonly repo?: string
  readonly cwd?: string
}

/** `focus init secrets`: lists the secrets that GitHub must hold; with `--set`, sets those that the environment holds. */
export async function run(context: CommandContext, flags: SecretFlags): Promise<void> {
  const { terminal, env } = context
  const cwd = resolve(context.cwd, flags.cwd ?? '.')
  const secrets = await withInitExitCodes(() =>
    listSecrets(cwd, answersOf(flags.repo === undefined ? {} : { repo: flags.repo })),
  )
  const values = new Map(secrets.flatMap(({ name }) => (env[name] ? [[name, env[name]] as const] : [])))
  const set: string[] = []
  if (flags.set === true) {
    if (values.size === 0) {
      throw badInput(
        'no_values',
        'None of the secrets is set as an environment variable.',
        `Set them under their own names, for example ${secrets[0]?.name ?? 'SERVER_HOST'}=… focus init secrets --set.`,
      )
    }
    for (const { name, environment } of secrets) {
      const value = values.get(name)
      if (value === undefined) continue
      // A job without an environment cannot read the secrets of one.
      const place = environment === null ? undefined : flags.environment
      await setSecret(cwd, name, value, place, flags.repo)
      set.push(name)
      terminal.note(`set ${name}${place === undefined ? '' : ` in the environment ${place}`}`)
    }
  }
  terminal.result({ ok: true, schema: 1, secrets, set }, () => table(secrets, set))
  if (flags.set !== true) terminal.note('Set them under Settings > Secrets and variables > Actions, or with --set.')
}

function table(secrets: readonly SecretNeed[], set: readonly string[]): string {
  return secrets
    .map(({ name, required, description, used_by }) => {
      const kind = set.includes(name) ? 'set' : required ? 'required' : 'optional'
      return `${name.padEnd(20)} ${kind.padEnd(9)} ${description} (${used_by.join(', ')})`
    })
    .join('\n')
}

/** Passes the value over stdin, because every process of the machine can read arguments. */
function setSecret(
  cwd: string,
  name: string,
  value: string,
  environment: string | undefined,
  repo: string | undefined,
): Promise<void> {
  const args = [
    'secret',
    'set',
    name,
    ...(environment === undefined ? [] : ['--env', environment]),
    ...(repo === undefined ? [] : ['--repo', repo]),
  ]
  return new Promise((done, fail) => {
    const child = execFile('gh', args, { cwd, timeout: 60_000 }, (error, _stdout, stderr) => {
      if (error === null) done()
      else fail(ghFailure(name, error, stderr))
    })
    child.stdin?.on('error', () => undefined)
    child.stdin?.end(value)
  })
}

function ghFailure(name: string, error: Error, stderr: string): CommandFailure {
  if ('code' in error && error.code === 'ENOENT') {
    return new CommandFailure('gh_missing', 'The GitHub command line `gh` is not installed.', {
      hint: 'Install it from https://cli.github.com and run `gh auth login`, or set the secrets in the repository’s settings.',
    })
  }
  return new CommandFailure(
    'gh_failed',
    `\`gh secret set ${name}\` failed: ${stderr.trim().split('\n')[0] ?? error.message}`,
    { hint: 'Check `gh auth status`, and that you may administer the repository.' },
  )
}
