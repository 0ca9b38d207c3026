import type { Command } from 'commander'
import { type Definer, withExamples, withServer } from './define.ts'

/** Commands that send, receive and count. */
export function defineMessaging(program: Command, definer: Definer): void {
  const notify = withServer(
    program
      .command('notify')
      .summary('send a notification')
      .description(
        'Sends a notification to one person or several, or to everybody, and says what became of it: outcome, offset, and how many connections the person has.',
      )
      .argument('[users...]', 'ids, usernames or e-mail addresses')
      .option('--title <text>', 'title')
      .option('--message <text>', 'message')
      .option('--type <type>', 'info, success, warning, error, or a type of your own (default: info)')
      .option('--event <topic>', 'topic that subscriptions filter on, such as limits')
      .option('--data <json>', 'a JSON object that travels with the notification')
      .option('--locale <locale>', 'language of a helper’s text: fr or en')
      .option('--broadcast', 'to everybody')
      .option('--activity <json>', 'the helper notifyActivityUpdate, with the activity')
      .option('--limit-warning <app-and-percentage...>', 'the helper notifyLimitWarning, such as Instagram 80')
      .option('--app-blocked <app>', 'the helper notifyAppBlocked')
      .option('--challenge-update <title-and-kind...>', 'the helper notifyChallengeUpdate, with --message and --data')
      .option('--leaderboard <title>', 'the helper notifyLeaderboardUpdate, with --data'),
  )
  definer.does(
    withExamples(
      notify,
      'focus notify alice --title Bonjour --message "Ça marche"',
      'focus notify 7 bob@example.com --title Maintenance --message "At noon" --type warning --event limits',
      'focus notify alice --limit-warning Instagram 80',
      'focus notify --broadcast --title Hello --message Everybody',
    ),
    () => import('../commands/notify.ts'),
  )

  const stats = withServer(
    program
      .command('stats')
      .summary('who is connected, and how fast it goes')
      .description(
        'People, connections, nodes, rates and delivery latency of a running server. --watch draws them on the terminal with their past, and prints one line for each reading elsewhere.',
      )
      .option('--watch', 'again and again')
      .option('--interval <seconds>', 'between two readings', '1'),
  )
  definer.does(
    withExamples(stats, 'focus stats', 'focus stats --watch', 'focus stats --json | jq .active_users'),
    () => import('../commands/stats.ts'),
  )

  const listen = withServer(
    program
      .command('listen')
      .summary('receive on the terminal')
      .description(
        'Connects as a person and prints messages as they arrive, until Ctrl-C. With --json, one message per line.',
      )
      .option('--token <token>', 'access token of the person')
      .option('--user <user>', 'the person: id, username or e-mail (needs the admin key)')
      .option('--since <offset>', 'first what came after this offset')
      .option('--events <topics>', 'only these topics, separated by commas'),
  )
  definer.does(
    withExamples(
      listen,
      'focus listen --user alice',
      'focus listen --user alice --since 0 --json',
      'focus listen --token "$TOKEN"',
    ),
    () => import('../commands/listen.ts'),
  )

  const token = withServer(
    program
      .command('token')
      .summary('a short-lived access token for tests')
      .description('Prints an access token of the person, for tests of your own routes.')
      .argument('<user>', 'id, username or e-mail address'),
  )
  definer.does(
    withExamples(token, 'curl -H "Authorization: Bearer $(focus token alice)" http://localhost:8000/api/auth/me'),
    () => import('../commands/token.ts'),
  )
}
