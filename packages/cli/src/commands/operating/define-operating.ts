import type { Command } from 'commander'
import { defineGroup, type Definer, withExamples, withJson, withServer } from '../define.ts'

const anyUser = 'id, username or e-mail address'

/** Commands that look into a running server, or into its database, and change what is there. */
export function defineOperating(program: Command, definer: Definer): void {
  defineConnections(program, definer)
  defineUsers(program, definer)
  defineSessions(program, definer)
  defineKeys(program, definer)
  defineEpoch(program, definer)
  defineMigrate(program, definer)
  defineDoctor(program, definer)
}

function defineConnections(program: Command, definer: Definer): void {
  const connections = defineGroup(
    program,
    'connections',
    'Who is connected to a running server.',
    'focus connections',
    'focus connections --user alice --json',
  )
  const list = withServer(
    connections
      .command('list', { isDefault: true })
      .description('Lists connections: id, user, node, age, transport, position, lag.')
      .option('--user <user>', `only this person’s: ${anyUser}`),
  )
  definer.does(withExamples(list, 'focus connections', 'focus connections --user alice --json'), () =>
    import('./connections.ts').then(({ list: run }) => ({ run })),
  )
  const close = withServer(
    connections.command('close').description('Closes one; its client comes back.').argument('<id>', 'connection'),
  )
  definer.does(withExamples(close, 'focus connections close 01a2…'), () =>
    import('./connections.ts').then(({ close: run }) => ({ run })),
  )
}

function defineUsers(program: Command, definer: Definer): void {
  const users = defineGroup(
    program,
    'users',
    'The people who have signed in.',
    'focus users --search alice',
    'focus users show alice',
  )
  const list = withServer(
    users
      .command('list', { isDefault: true })
      .description('Lists them.')
      .option('--search <text>', 'only those whose username or e-mail contains it')
      .option('--limit <n>', 'at most so many')
      .option('--after <id>', 'those after this id: next_after of the page before'),
  )
  definer.does(withExamples(list, 'focus users list --search alice'), () =>
    import('./users.ts').then(({ list: run }) => ({ run })),
  )
  const show = withServer(
    users.command('show').description('One of them, with accounts and sessions.').argument('<user>', anyUser),
  )
  definer.does(withExamples(show, 'focus users show alice'), () =>
    import('./users.ts').then(({ show: run }) => ({ run })),
  )
  const disable = withServer(
    users
      .command('disable')
      .description('Keeps a person out: sessions end, connections close.')
      .argument('<user>', anyUser),
  )
  definer.does(withExamples(disable, 'focus users disable alice'), () =>
    import('./users.ts').then(({ disable: run }) => ({ run })),
  )
  const enable = withServer(
    users.command('enable').description('Lets a disabled person in again.').argument('<user>', anyUser),
  )
  definer.does(withExamples(enable, 'focus users enable alice'), () =>
    import('./users.ts').then(({ enable: run }) => ({ run })),
  )
}

function defineSessions(program: Command, definer: Definer): void {
  const sessions = defineGroup(
    program,
    'sessions',
    'The devices that people are signed in on.',
    'focus sessions alice',
    'focus sessions revoke --user alice',
  )
  const list = withServer(
    sessions.command('list', { isDefault: true }).description('A person’s sessions.').argument('<user>', anyUser),
  )
  definer.does(withExamples(list, 'focus sessions list alice'), () =>
    import('./sessions.ts').then(({ list: run }) => ({ run })),
  )
  const revoke = withServer(
    sessions
      .command('revoke')
      .description('Ends one, or all of a person’s: tokens stop working, connections close.')
      .argument('[id]', 'session')
      .option('--user <user>', `all sessions of this person: ${anyUser}`),
  )
  definer.does(withExamples(revoke, 'focus sessions revoke --user alice'), () =>
    import('./sessions.ts').then(({ revoke: run }) => ({ run })),
  )
}

function defineKeys(program: Command, definer: Definer): void {
  const keys = defineGroup(program, 'keys', 'The keys that sign access tokens.', 'focus keys', 'focus keys rotate')
  const list = withServer(keys.command('list', { isDefault: true }).description('Lists them.'))
  definer.does(withExamples(list, 'focus keys list'), () => import('./keys.ts').then(({ list: run }) => ({ run })))
  const rotate = withServer(
    keys
      .command('rotate')
      .description('Makes a new one. It is published first and signs once every cache has seen it.')
      .option('--immediately', 'sign with it at once, because the old one has leaked'),
  )
  definer.does(withExamples(rotate, 'focus keys rotate'), () =>
    import('./keys.ts').then(({ rotate: run }) => ({ run })),
  )
}

function defineEpoch(program: Command, definer: Definer): void {
  const epoch = defineGroup(
    program,
    'epoch',
    'What tells positions of before a restored database from those of now.',
    'focus epoch',
    'focus epoch rotate',
  )
  const show = withServer(epoch.command('show', { isDefault: true }).description('Prints it.'))
  definer.does(withExamples(show, 'focus epoch show'), () => import('./epoch.ts').then(({ show: run }) => ({ run })))
  const rotate = withServer(
    epoch
      .command('rotate')
      .description('Begins a new one: after a database was restored from a backup, before it is served.'),
  )
  definer.does(withExamples(rotate, 'focus epoch rotate'), () =>
    import('./epoch.ts').then(({ rotate: run }) => ({ run })),
  )
}

function defineMigrate(program: Command, definer: Definer): void {
  const migrate = withJson(
    program
      .command('migrate')
      .summary('bring the tables up to date')
      .description(
        'Brings the tables of the configured database up to date (DATABASE_URL, or focus.config.ts). Forward only, and safe when several nodes do it at once.',
      )
      .option('--status', 'only say which migrations are applied')
      .option('--to <n>', 'stop at this number'),
  )
  definer.does(withExamples(migrate, 'focus migrate --status', 'focus migrate'), () => import('./migrate.ts'))
}

function defineDoctor(program: Command, definer: Definer): void {
  const doctor = withServer(
    program
      .command('doctor')
      .summary('say what is wrong, and how to fix it')
      .description(
        'Checks what the Troubleshooting section of the guide is about, and says how to fix it: settings, sign-in (client, redirect URI, discovery, clock), database and migrations, Redis, the server and the reverse proxy in front of it, workflow files and their secrets.',
      )
      .option('--token <token>', 'an access token that is refused, to be told why')
      .option('--quick', 'without waiting for a heartbeat'),
  )
  definer.does(
    withExamples(doctor, 'focus doctor', 'focus doctor --url https://app.example --admin-key "$KEY"'),
    () => import('./doctor.ts'),
  )
}
