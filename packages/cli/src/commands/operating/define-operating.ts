import type { Command } from 'commander'
import { defineGroup, type Definer, withExamples, withJson, withServer } from '../define.ts'

const anyUser = 'id, username or e-mail address'

/** Defines the commands that inspect and change a running server or its database. */
export function defineOperating(program: Command, definer: Definer): void {
  defineConnections(program, definer)
  defineNodes(program, definer)
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
    'list and close connections',
    'The open connections of a running server.',
    'focus connections',
    'focus connections --user alice --json',
  )
  const list = withServer(
    connections
      .command('list', { isDefault: true })
      .description('Lists the connections of all nodes: id, user, node, age, transport, position, lag.')
      .option('--user <user>', `only connections of this user: ${anyUser}`),
  )
  definer.does(withExamples(list, 'focus connections', 'focus connections --user alice --json'), () =>
    import('./connections.ts').then(({ list: run }) => ({ run })),
  )
  const close = withServer(
    connections
      .command('close')
      .description('Closes a connection; its client reconnects.')
      .argument('<id>', 'connection'),
  )
  definer.does(withExamples(close, 'focus connections close 01a2…'), () =>
    import('./connections.ts').then(({ close: run }) => ({ run })),
  )
}

function defineNodes(program: Command, definer: Definer): void {
  const nodes = withServer(
    program
      .command('nodes')
      .summary('list the processes that share the database')
      .description(
        'Lists the processes that share the database and are alive: name, address, version, age, users, connections.',
      ),
  )
  definer.does(withExamples(nodes, 'focus nodes', 'focus nodes --json'), () => import('./nodes.ts'))
}

function defineUsers(program: Command, definer: Definer): void {
  const users = defineGroup(
    program,
    'users',
    'list, show, disable and enable users',
    'The users who have signed in.',
    'focus users --search alice',
    'focus users show alice',
  )
  const list = withServer(
    users
      .command('list', { isDefault: true })
      .description('Lists the users.')
      .option('--search <text>', 'only users whose username or e-mail address contains this text')
      .option('--limit <n>', 'maximum number of rows')
      .option('--after <id>', 'continue after this id: next_after of the previous page'),
  )
  definer.does(withExamples(list, 'focus users list --search alice'), () =>
    import('./users.ts').then(({ list: run }) => ({ run })),
  )
  const show = withServer(
    users.command('show').description('Shows a user, with accounts and sessions.').argument('<user>', anyUser),
  )
  definer.does(withExamples(show, 'focus users show alice'), () =>
    import('./users.ts').then(({ show: run }) => ({ run })),
  )
  const disable = withServer(
    users
      .command('disable')
      .description('Disables a user: their sessions end and their connections close.')
      .argument('<user>', anyUser),
  )
  definer.does(withExamples(disable, 'focus users disable alice'), () =>
    import('./users.ts').then(({ disable: run }) => ({ run })),
  )
  const enable = withServer(users.command('enable').description('Enables a disabled user.').argument('<user>', anyUser))
  definer.does(withExamples(enable, 'focus users enable alice'), () =>
    import('./users.ts').then(({ enable: run }) => ({ run })),
  )
}

function defineSessions(program: Command, definer: Definer): void {
  const sessions = defineGroup(
    program,
    'sessions',
    'list and end the sessions of a user',
    'The devices that users are signed in on.',
    'focus sessions alice',
    'focus sessions revoke --user alice',
  )
  const list = withServer(
    sessions
      .command('list', { isDefault: true })
      .description('Lists the sessions of a user.')
      .argument('<user>', anyUser),
  )
  definer.does(withExamples(list, 'focus sessions list alice'), () =>
    import('./sessions.ts').then(({ list: run }) => ({ run })),
  )
  const revoke = withServer(
    sessions
      .command('revoke')
      .description('Ends one session, or all sessions of a user: tokens become invalid and connections close.')
      .argument('[id]', 'session')
      .option('--user <user>', `all sessions of this user: ${anyUser}`),
  )
  definer.does(withExamples(revoke, 'focus sessions revoke --user alice'), () =>
    import('./sessions.ts').then(({ revoke: run }) => ({ run })),
  )
}

function defineKeys(program: Command, definer: Definer): void {
  const keys = defineGroup(
    program,
    'keys',
    'list and rotate the keys that sign access tokens',
    'The keys that sign access tokens.',
    'focus keys',
    'focus keys rotate',
  )
  const list = withServer(keys.command('list', { isDefault: true }).description('Lists the keys.'))
  definer.does(withExamples(list, 'focus keys list'), () => import('./keys.ts').then(({ list: run }) => ({ run })))
  const rotate = withServer(
    keys
      .command('rotate')
      .description('Creates a new key. It is published first, and signs when every cache has it.')
      .option('--immediately', 'sign with the new key immediately, because the old one has leaked'),
  )
  definer.does(withExamples(rotate, 'focus keys rotate'), () =>
    import('./keys.ts').then(({ rotate: run }) => ({ run })),
  )
}

function defineEpoch(program: Command, definer: Definer): void {
  const epoch = defineGroup(
    program,
    'epoch',
    'show and rotate the epoch of the database',
    'The epoch of the database: positions from before a restore are invalid.',
    'focus epoch',
    'focus epoch rotate',
  )
  const show = withServer(epoch.command('show', { isDefault: true }).description('Prints the epoch.'))
  definer.does(withExamples(show, 'focus epoch show'), () => import('./epoch.ts').then(({ show: run }) => ({ run })))
  const rotate = withServer(
    epoch
      .command('rotate')
      .description('Starts a new epoch: after you restore a database from a backup, before you serve it.'),
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
        'Brings the tables of the configured database up to date (DATABASE_URL, or focus.config.ts). Migrations only go forward; several nodes can run the command at the same time.',
      )
      .option('--status', 'only list the migrations and whether they are applied')
      .option('--to <n>', 'stop at this migration number'),
  )
  definer.does(withExamples(migrate, 'focus migrate --status', 'focus migrate'), () => import('./migrate.ts'))
}

function defineDoctor(program: Command, definer: Definer): void {
  const doctor = withServer(
    program
      .command('doctor')
      .summary('find problems, and show how to fix them')
      .description(
        'Checks the problems of the Troubleshooting section of the guide, and shows how to fix them: settings, sign-in (client, redirect URI, discovery, clock), database and migrations, Redis, the server and the reverse proxy in front of it, workflow files and their secrets.',
      )
      .option('--token <token>', 'an access token that is refused, to see the reason')
      .option('--quick', 'do not wait for a heartbeat'),
  )
  definer.does(
    withExamples(doctor, 'focus doctor', 'focus doctor --url https://app.example --admin-key "$KEY"'),
    () => import('./doctor.ts'),
  )
}
