import type { Command } from 'commander'
import { type Definer, withExamples, withJson } from './define.ts'

/** Commands that are a server. */
export function defineServing(program: Command, definer: Definer): void {
  const dev = withJson(
    program
      .command('dev')
      .summary('a server, a sign-in provider and a page, with no configuration')
      .description(
        'Runs the main job with no configuration: a server with SQLite, an OpenID provider that stands in for Google while no Google credentials are set, and a page where a person signs in and sees notifications arrive. For development only. DATABASE_URL, REDIS_URL and FOCUS_PUBLIC_URL are honoured.',
      )
      .option('--port <port>', 'port to listen on, 0 for any free one (default: PORT, else 8000)')
      .option('--host <host>', 'address to listen on; anything but loopback has to be asked for', '127.0.0.1')
      .option('--data <dir>', 'folder of the database and the keys', '.focus')
      .option('--open', 'open the page in the browser'),
  )
  definer.does(
    withExamples(dev, 'focus dev', 'focus dev --port 0 --data /tmp/focus --json'),
    () => import('../commands/dev.ts'),
  )
}
