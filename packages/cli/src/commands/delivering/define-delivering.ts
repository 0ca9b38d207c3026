import type { Command } from 'commander'
import { defineGroup, type Definer, withExamples, withServer } from '../define.ts'

/** Defines the commands for the outbox and its transports. */
export function defineDelivering(program: Command, definer: Definer): void {
  const deliveries = defineGroup(
    program,
    'deliveries',
    'list, retry and delete deliveries of the outbox',
    'The outbox: waiting and failed deliveries.',
    'focus deliveries',
    'focus deliveries retry --transport slack',
  )
  const list = withServer(
    withSelection(deliveries.command('list', { isDefault: true }).description('Lists deliveries, newest first.'))
      .option('--limit <n>', 'maximum number of rows')
      .option('--after <id>', 'continue after this delivery: next_after of the previous page'),
  )
  definer.does(withExamples(list, 'focus deliveries', 'focus deliveries list --state dead --transport slack'), () =>
    import('./deliveries.ts').then(({ list: run }) => ({ run })),
  )
  const retry = withServer(
    withSelection(
      deliveries
        .command('retry')
        .description('Retries the named deliveries, or all failed ones.')
        .argument('[ids...]', 'deliveries'),
    ),
  )
  definer.does(withExamples(retry, 'focus deliveries retry --transport slack'), () =>
    import('./deliveries.ts').then(({ retry: run }) => ({ run })),
  )
  const purge = withServer(
    withSelection(
      deliveries
        .command('purge')
        .description('Deletes the named deliveries, or all failed ones.')
        .argument('[ids...]', 'deliveries'),
    ).option('--older-than <duration>', 'only older deliveries, for example 7d'),
  )
  definer.does(withExamples(purge, 'focus deliveries purge --state dead --older-than 7d'), () =>
    import('./deliveries.ts').then(({ purge: run }) => ({ run })),
  )
  defineTransports(program, definer)
}

function defineTransports(program: Command, definer: Definer): void {
  const transports = defineGroup(
    program,
    'transports',
    'list and enable transports',
    'The transports that notifications use in addition to connections.',
    'focus transports',
    'focus transports enable slack',
  )
  const list = withServer(
    transports.command('list', { isDefault: true }).description('Lists transports, with waiting deliveries.'),
  )
  definer.does(withExamples(list, 'focus transports'), () =>
    import('./transports.ts').then(({ list: run }) => ({ run })),
  )
  const enable = withServer(
    transports
      .command('enable')
      .description('Enables a transport again that was disabled because its peer was gone.')
      .argument('<name>', 'transport'),
  )
  definer.does(withExamples(enable, 'focus transports enable slack'), () =>
    import('./transports.ts').then(({ enable: run }) => ({ run })),
  )
}

function withSelection(command: Command): Command {
  return command
    .option('--state <state>', 'waiting, leased or dead')
    .option('--transport <name>', 'only deliveries of this transport')
    .option('--user <user>', 'only deliveries to this user: id, username or e-mail address')
}
