import type { Command } from 'commander'
import { defineGroup, type Definer, withExamples, withServer } from '../define.ts'

/** Commands that look after the outbox: what goes to other transports than the person's own connections. */
export function defineDelivering(program: Command, definer: Definer): void {
  const deliveries = defineGroup(
    program,
    'deliveries',
    'The outbox: what waits, what failed and why.',
    'focus deliveries',
    'focus deliveries retry --transport slack',
  )
  const list = withServer(
    withSelection(deliveries.command('list', { isDefault: true }).description('Lists deliveries, the newest first.'))
      .option('--limit <n>', 'at most so many')
      .option('--after <id>', 'those after this one: next_after of the page before'),
  )
  definer.does(withExamples(list, 'focus deliveries', 'focus deliveries list --state dead --transport slack'), () =>
    import('./deliveries.ts').then(({ list: run }) => ({ run })),
  )
  const retry = withServer(
    withSelection(
      deliveries
        .command('retry')
        .description('Tries those named again, or all that failed.')
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
        .description('Forgets those named, or all that failed.')
        .argument('[ids...]', 'deliveries'),
    ).option('--older-than <duration>', 'only what is older, such as 7d'),
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
    'Where notifications go beside the person’s own connections.',
    'focus transports',
    'focus transports enable slack',
  )
  const list = withServer(transports.command('list', { isDefault: true }).description('Lists them, with what waits.'))
  definer.does(withExamples(list, 'focus transports'), () =>
    import('./transports.ts').then(({ list: run }) => ({ run })),
  )
  const enable = withServer(
    transports
      .command('enable')
      .description('Switches one on again whose peer was gone.')
      .argument('<name>', 'transport'),
  )
  definer.does(withExamples(enable, 'focus transports enable slack'), () =>
    import('./transports.ts').then(({ enable: run }) => ({ run })),
  )
}

function withSelection(command: Command): Command {
  return command
    .option('--state <state>', 'waiting, leased or dead')
    .option('--transport <name>', 'only this transport’s')
    .option('--user <user>', 'only this person’s: id, username or e-mail address')
}
