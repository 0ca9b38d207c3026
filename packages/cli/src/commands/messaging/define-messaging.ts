import type { Command } from 'commander'
import { type Definer, withExamples, withServer } from '../define.ts'

/** Commands that send, receive and count. */
export function defineMessaging(program: Command, definer: Definer): void {
  defineNotify(program, definer)
  defineStats(program, definer)
  defineListen(program, definer)
  defineToken(program, definer)
}

function defineNotify(program: Command, definer: Definer): void {
  const notify = withServer(
    withDelivery(
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
        .option('--locale <locale>', 'language of a helper’s text, fr or en, or of --name')
        .option('--broadcast', 'to everybody')
        .option('--activity <json>', 'the helper notifyActivityUpdate, with the activity')
        .option('--limit-warning <app-and-percentage...>', 'the helper notifyLimitWarning, such as Instagram 80')
        .option('--app-blocked <app>', 'the helper notifyAppBlocked')
        .option('--challenge-update <title-and-kind...>', 'the helper notifyChallengeUpdate, with --message and --data')
        .option('--leaderboard <title>', 'the helper notifyLeaderboardUpdate, with --data')
        .option('--name <name>', 'one of your own catalogue')
        .option('--params <json>', 'its parameters, a JSON object'),
    ),
  )
  definer.does(
    withExamples(
      notify,
      'focus notify alice --title Bonjour --message "Ça marche"',
      'focus notify 7 bob@example.com --title Maintenance --message "At noon" --type warning --event limits',
      'focus notify alice --limit-warning Instagram 80',
      'focus notify --broadcast --title Hello --message Everybody',
      'focus notify alice --name orderShipped --params \'{"orderId":7}\' --dedupe order-7:1h',
      'focus notify alice --title Reminder --message "In an hour" --deliver-at 30m --expires-at 90m',
      'focus notify --cancel 0198c2d4-…',
    ),
    () => import('./notify.ts'),
  )
}

function defineStats(program: Command, definer: Definer): void {
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
    () => import('./stats.ts'),
  )
}

function defineListen(program: Command, definer: Definer): void {
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
    () => import('./listen.ts'),
  )
}

function defineToken(program: Command, definer: Definer): void {
  const token = withServer(
    program
      .command('token')
      .summary('a short-lived access token for tests')
      .description('Prints an access token of the person, for tests of your own routes.')
      .argument('<user>', 'id, username or e-mail address'),
  )
  definer.does(
    withExamples(token, 'curl -H "Authorization: Bearer $(focus token alice)" http://localhost:8000/api/auth/me'),
    () => import('./token.ts'),
  )
}

/** When, how often and by what ways a notification reaches a person. */
function withDelivery(command: Command): Command {
  return command
    .option('--deliver-at <when>', 'not before: an ISO 8601 time, or a duration from now such as 30m')
    .option('--expires-at <when>', 'of no interest after: likewise')
    .option('--dedupe <key[:window]>', 'only the first with this key (default window: 1d)')
    .option('--group <key[:window]>', 'those with this key become one, which counts them (default window: 1h)')
    .option('--group-title <text>', 'title of the merged one, an ICU message over count')
    .option('--group-message <text>', 'its message, likewise')
    .option('--rate <limit/window[:overflow]>', 'at most so many of the topic; drop (default), group or defer the rest')
    .option('--rate-key <key>', 'what --rate counts together (default: the topic)')
    .option('--critical', 'whatever the person’s preferences and the policies say')
    .option('--transports <names>', 'only by these, separated by commas, beside the connections; or none')
    .option(
      '--escalate <after:transport>',
      'by this too when unread after so long; may be repeated',
      (value, before: readonly string[] | undefined) => [...(before ?? []), value],
    )
    .option('--idempotency-key <key>', 'the same call again within 24 hours sends nothing')
    .option('--cancel <id>', 'take back one that was to be sent later')
}
