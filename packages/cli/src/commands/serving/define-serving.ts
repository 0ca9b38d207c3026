import { type Command, Option } from 'commander'
import { type Definer, withExamples, withJson } from '../define.ts'

/** Defines the commands that run a server. */
export function defineServing(program: Command, definer: Definer): void {
  const dev = withJson(
    program
      .command('dev')
      .summary('run a server, a sign-in provider and a page, with no configuration')
      .description(
        'Runs a complete development setup with no configuration: a server with SQLite, an OpenID provider that replaces Google while no Google credentials are set, and a page to sign in and watch notifications arrive. For development only. Respects DATABASE_URL, REDIS_URL and FOCUS_PUBLIC_URL.',
      )
      .option('--port <port>', 'port to listen on, 0 for any free one (default: PORT, or 8000)')
      .option('--host <host>', 'address to listen on', '127.0.0.1')
      .option('--data <dir>', 'folder of the database and the keys', '.focus')
      .option('--open', 'open the page in the browser'),
  )
  definer.does(withExamples(dev, 'focus dev', 'focus dev --port 0 --data /tmp/focus --json'), () => import('./dev.ts'))

  const serve = withJson(
    program
      .command('serve')
      .summary('serve the same routes in production')
      .description(
        'Serves the routes and the WebSocket in production, configured by environment, .env or focus.config.ts. Does not start when required settings are missing. On SIGTERM it drains: it asks sockets to reconnect to another node, and answers the requests in progress.',
      )
      .option('--port <port>', 'port to listen on (default: PORT, or 8000)')
      .option('--host <host>', 'address to listen on (default: 0.0.0.0)')
      .option('--drain <seconds>', 'seconds over which sockets are asked to reconnect (default: 5)')
      .option('--workers <n>', 'processes that serve, or auto: one for each core (default: FOCUS_WORKERS, or 1)')
      .addOption(new Option('--worker <number>').hideHelp())
      .option('--ops', 'show the operations page at /focus; it asks for the admin key'),
  )
  definer.does(
    withExamples(
      serve,
      'focus serve',
      'focus serve --host 127.0.0.1 --port 9000 --drain 20',
      'focus serve --workers auto',
    ),
    () => import('./serve.ts'),
  )
}
