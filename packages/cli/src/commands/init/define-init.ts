import type { Command } from 'commander'
import { type Definer, withExamples, withJson } from '../define.ts'

/** Defines `focus init` and `focus init secrets`. Their modules are loaded when they are called. */
export function defineInit(program: Command, definer: Definer): void {
  const init = withJson(
    program
      .command('init')
      .summary('write CI/CD files into a repository')
      .description(
        'Writes GitHub workflows, a Dockerfile, an nginx configuration, .env.example, badges and dependabot.yml for the tools of a Node or Python repository. You can run it again at any time: your edits are kept.',
      )
      .argument('[targets...]', 'files to write: ci, cd, docker, nginx, env, badges, dependabot (default: all)')
      .option('--only <targets>', 'the same, separated by commas')
      .option('--flavour <name>', 'node or python (default: detected from the files)')
      .option('--pm <name>', 'npm, pnpm, yarn, bun, pip, poetry or uv (default: detected from the lockfile)')
      .option('--services <names>', 'services of the tests: mysql, mariadb, postgres, redis, mongodb, rabbitmq or none')
      .option('--branch <name>', 'the default branch (default: detected from git)')
      .option('--repo <owner/name>', 'the repository on GitHub (default: the remote)')
      .option('--port <number>', 'the port that the application listens on (default: 8000)')
      .option('--health-path <path>', 'the path that answers 2xx when the application is healthy')
      .option('--domain <name>', 'the host name that nginx serves')
      .option('--cwd <dir>', 'the root of the repository (default: the current folder)')
      .option('--dry-run', 'report what would be written, and write nothing')
      .option('--check', 'write nothing, and exit 3 when something would be written')
      .option('--diff', 'show the changes as a patch')
      .option('--yes', 'do not ask before writing')
      .option('--force', 'replace foreign and conflicting files; a copy stays as <file>.focus-old')
      .option('--restore', 'write deleted files again'),
  )
  withExamples(
    init,
    'focus init --dry-run --diff               preview the changes',
    'focus init                                write everything',
    'focus init ci badges                      the CI workflow and the badges',
    'focus init --check                        in CI: fail when a file is out of date',
    'focus init secrets                        list the secrets that GitHub must hold',
  )
  init.addHelpText(
    'after',
    '\nExit codes: 0 done, 1 failed, 2 bad input, 3 --check found drift, 4 a conflict is left to you.',
  )
  definer.does(init, () => import('./init.ts'))

  const secrets = withJson(
    init
      .command('secrets')
      .summary('list the secrets that the workflows read')
      .description(
        'Lists the secrets that the workflows read. With --set, stores those that are environment variables on GitHub, using `gh`.',
      )
      .option('--set', 'set each secret whose name is an environment variable, with `gh secret set`')
      .option(
        '--environment <name>',
        'store the secrets of jobs with an environment in this one, for example production; the others in the repository',
      )
      .option('--repo <owner/name>', 'the repository on GitHub (default: the remote)')
      .option('--cwd <dir>', 'the root of the repository (default: the current folder)'),
  )
  withExamples(
    secrets,
    'focus init secrets',
    'SERVER_HOST=203.0.113.7 focus init secrets --set --environment production',
  )
  definer.does(secrets, () => import('./secrets.ts'))
}
