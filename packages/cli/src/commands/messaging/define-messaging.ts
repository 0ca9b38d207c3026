import type { Command } from 'commander'
import { type Definer, withExamples, withServer } from '../define.ts'

/** Defines the commands that send, receive and count notifications. */
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
          'Sends a notification to one or more users, or to all users, and prints the outcome, the offset and the number of connections of each user.',
        )
        .argument('[users...]', 'ids, usernames or e-mail addresses')
        .option('--title <text>', 'title')
        .option('--message <text>', 'message')
        .option('--type <type>', 'info, success, warning, error, or a custom type (default: info)')
        .option('--event <topic>', 'topic that subscriptions filter on, for example limits')
        .option('--data <json>', 'a JSON object that is sent with the notification')
        .option('--locale <locale>', 'language of the text of a helper (fr or en) or of --name')
        .option('--broadcast', 'send to all users')
        .option('--activity <json>', 'use the helper notifyActivityUpdate, with the activity')
        .option(
          '--limit-warning <app-and-percentage...>',
          'use the helper notifyLimitWarning, for example Instagram 80',
        )
        .option('--app-blocked <app>', 'use the helper notifyAppBlocked')
        .option(
          '--challenge-update <title-and-kind...>',
          'use the helper notifyChallengeUpdate, with --message and --data',
        )
        .option('--leaderboard <title>', 'use the helper notifyLeaderboardUpdate, with --data')
        .option('--name <name>', 'a notification of your own catalogue')
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
      .summary('show connected users, rates and latency')
      .description(
        'Prints users, connections, nodes, rates and delivery latency of a running server. --watch draws them with their history on a terminal, and prints one line per reading otherwise.',
      )
      .option('--watch', 'repeat until interrupted')
      .option('--interval <seconds>', 'seconds between two readings', '1'),
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
      .summary('receive notifications on the terminal')
      .description(
        'Connects as a user and prints messages as they arrive, until Ctrl-C. With --json, prints one message per line.',
      )
      .option('--token <token>', 'access token of the user')
      .option('--user <user>', 'the user: id, username or e-mail address (needs the admin key)')
      .option('--since <offset>', 'start with the messages after this offset')
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
      .summary('print a short-lived access token for tests')
      .description('Prints an access token of a user, for tests of your own routes.')
      .argument('<user>', 'id, username or e-mail address'),
  )
  definer.does(
    withExamples(token, 'curl -H "Authorization: Bearer $(focus token alice)" http://localhost:8000/api/auth/me'),
    () => import('./token.ts'),
  )
}

/** Adds the options for the time, the frequency and the transports of a notification. */
function withDelivery(command: Command): Command {
  return command
    .option('--deliver-at <when>', 'deliver at this time: ISO 8601, or a duration from now such as 30m')
    .option('--expires-at <when>', 'do not deliver after this time: ISO 8601, or a duration from now')
    .option('--dedupe <key[:window]>', 'deliver only the first notification with this key (default window: 1d)')
    .option('--group <key[:window]>', 'merge notifications with this key into one with a count (default window: 1h)')
    .option('--group-title <text>', 'title of the merged notification, an ICU message with count')
    .option('--group-message <text>', 'message of the merged notification, an ICU message with count')
    .option('--rate <limit/window[:overflow]>', 'maximum number for the topic; drop (default), group or defer the rest')
    .option('--rate-key <key>', 'count --rate by this key (default: the topic)')
    .option('--critical', 'ignore the preferences of the user and the policies')
    .option(
      '--transports <names>',
      'use only these transports, separated by commas, in addition to connections; or none',
    )
    .option(
      '--escalate <after:transport>',
      'use this transport too if unread after this time; can be repeated',
      (value, before: readonly string[] | undefined) => [...(before ?? []), value],
    )
    .option('--idempotency-key <key>', 'repeating the call within 24 hours sends nothing')
    .option('--cancel <id>', 'cancel a scheduled notification')
}
