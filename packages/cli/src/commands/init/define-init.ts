import type { Command } from 'commander'
import { type Definer, withExamples, withJson } from '../define.ts'

/** `focus init` and `focus init secrets`. What they do is loaded when they are called. */
export function defineInit(program: Command, definer: Definer): void {
  const init = withJson(
    program
      .command('init')
      .summary('write CI/CD into a repository')
      .description(
        'Write GitHub workflows, Dockerfile, nginx configuration, .env.example, badges and dependabot.yml into a Node or Python repository, fitted to what it uses. Run it again whenever you like: your edits stay.',
      )
      .argument('[targets...]', 'what to write: ci, cd, docker, nginx, env, badges, dependabot (default: all)')
      .option('--only <targets>', 'the same, separated by commas')
      .option('--flavour <name>', 'node or python (default: what the files say)')
      .option('--pm <name>', 'npm, pnpm, yarn, bun, pip, poetry or uv (default: what the lockfile says)')
      .option('--services <names>', 'what the tests need: mysql, mariadb, postgres, redis, mongodb, rabbitmq or none')
      .option('--branch <name>', 'the default branch (default: what git says)')
      .option('--repo <owner/name>', 'the repository on GitHub (default: the remote)')
      .option('--port <number>', 'the port that the application listens on (default: 8000)')
      .option('--health-path <path>', 'the path that answers 2xx when it works')
      .option('--domain <name>', 'the host name that nginx serves')
      .option('--cwd <dir>', 'the root of the repository (default: here)')
      .option('--dry-run', 'say what would be written, and write nothing')
      .option('--check', 'write nothing, and exit 3 when something would be written')
      .option('--diff', 'show the changes as a patch')
      .option('--yes', 'do not ask before writing')
      .option('--force', 'replace files that are not ours or conflict; a copy stays as <file>.focus-old')
      .option('--restore', 'write files again that you deleted'),
  )
  withExamples(
    init,
    'focus init --dry-run --diff               what would be written',
    'focus init                                everything',
    'focus init ci badges                      the CI workflow and the badges',
    'focus init --check                        in CI: is everything up to date?',
    'focus init secrets                        which secrets GitHub must hold',
  )
  init.addHelpText(
    'after',
    '\nExit codes: 0 done, 1 it failed, 2 bad input, 3 --check found drift, 4 a conflict is left to you.',
  )
  definer.does(init, () => import('./init.ts'))

  const secrets = withJson(
    init
      .command('secrets')
      .summary('the secrets that the workflows read')
      .description(
        'List the secrets that the workflows read; with --set, hand GitHub those that the environment holds, by `gh`.',
      )
      .option('--set', 'set each secret whose name is an environment variable, with `gh secret set`')
      .option(
        '--environment <name>',
        'set those of jobs with an environment there, such as production; others on the repository',
      )
      .option('--repo <owner/name>', 'the repository on GitHub (default: the remote)')
      .option('--cwd <dir>', 'the root of the repository (default: here)'),
  )
  withExamples(
    secrets,
    'focus init secrets',
    'SERVER_HOST=203.0.113.7 focus init secrets --set --environment production',
  )
  definer.does(secrets, () => import('./secrets.ts'))
}
