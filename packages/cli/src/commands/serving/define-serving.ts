import type { Command } from 'commander'
import { type Definer, withExamples, withJson } from '../define.ts'

/** Commands that are a server. */
export function defineServing(program: Command, definer: Definer): void {
  const dev = withJson(
    program
      .command('dev')
      .summary('a server, a sign-in provider and a page, with no configuration')
      .description(
        'Runs the main job with no configuration: a server with SQLite, an OpenID provider that stands in for Google while no Google credentials are set, and a page where a person signs in and sees notifications arrive. For development only. DATABASE_URL and FOCUS_PUBLIC_URL are honoured.',
      )
      .option('--port <port>', 'port to listen on, 0 for any free one (default: PORT, else 8000)')
      .option('--host <host>', 'address to listen on; anything but loopback has to be asked for', '127.0.0.1')
      .option('--data <dir>', 'folder of the database and the keys', '.focus')
      .option('--open', 'open the page in the browser'),
  )
  definer.does(withExamples(dev, 'focus dev', 'focus dev --port 0 --data /tmp/focus --json'), () => import('./dev.ts'))

  const serve = withJson(
    program
      .command('serve')
      .summary('the same routes for production')
      .description(
        'Serves the routes and the WebSocket for production, configured by environment, .env or focus.config.ts. Refuses to start half-configured. At SIGTERM it drains: sockets are told to go elsewhere, requests under way are answered.',
      )
      .option('--port <port>', 'port to listen on (default: PORT, else 8000)')
      .option('--host <host>', 'address to listen on (default: 0.0.0.0)')
      .option('--drain <seconds>', 'over how long sockets are sent away (default: 5)')
      .option('--ops', 'show the operations page at /focus; it asks for the admin key'),
  )
  definer.does(
    withExamples(serve, 'focus serve', 'focus serve --host 127.0.0.1 --port 9000 --drain 20'),
    () => import('./serve.ts'),
  )
}
