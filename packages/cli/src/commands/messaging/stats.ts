import { setTimeout as delay } from 'node:timers/promises'
import type { CommandContext } from '../../terminal/context.ts'
import { usageFailure } from '../../terminal/failure.ts'
import { plainText } from '../../terminal/plain-text.ts'
import type { RemoteClient } from '../../remote/client.ts'
import { openClient } from '../../remote/open.ts'
import type { RemoteFlags } from '../../remote/remote-settings.ts'
import { type StatsDocument, StatsReader } from '../../stats/read-stats.ts'
import type { Terminal } from '../../terminal/terminal.ts'

export interface StatsFlags extends RemoteFlags {
  readonly watch?: boolean
  readonly interval?: string
}

/** `focus stats`: connected users, rates and latency, once or repeatedly. */
export async function run(context: CommandContext, flags: StatsFlags): Promise<void> {
  const { terminal, signal } = context
  const intervalMs = 1000 * seconds(flags.interval ?? '1')
  const client = await openClient(context, flags)
  if (flags.watch) return watch(context, client, intervalMs)
  const stats = await new StatsReader(client).read(signal)
  terminal.result(stats, () => summary(terminal, stats))
}

/** Draws a screen on a terminal; prints one line per reading otherwise. */
async function watch(context: CommandContext, client: RemoteClient, intervalMs: number): Promise<void> {
  const { terminal, signal } = context
  const reader = new StatsReader(client)
  const first = await reader.read(signal)
  if (terminal.interactive) {
    const { watchOnScreen } = await import('../../stats/screen.ts')
    return watchOnScreen({ terminal, signal, intervalMs, base: client.base, first, read: () => reader.read(signal) })
  }
  for (let stats = first; ; stats = await reader.read(signal)) {
    terminal.result(stats, () => oneLine(stats))
    await delay(intervalMs, undefined, { signal }).catch(() => signal.throwIfAborted())
  }
}

function summary(terminal: Terminal, stats: StatsDocument): string {
  const ids = stats.connected_user_ids
  const { rates, latency_ms: latency } = stats
  const rows: [string, string][] = [
    ['WebSocket', stats.websocket_enabled ? 'on' : 'off'],
    ['People', String(stats.active_users)],
    ['Connections', String(stats.active_connections)],
    ['Ids', ids.length === 0 ? '–' : ids.slice(0, 20).join(', ') + (ids.length > 20 ? ', …' : '')],
    ...(stats.nodes === undefined ? [] : ([['Nodes', String(stats.nodes)]] satisfies [string, string][])),
    ...(rates === undefined
      ? []
      : ([['Per second', `${rates.deliveries.toFixed(1)} deliveries, ${rates.actions.toFixed(1)} actions`]] satisfies [
          string,
          string,
        ][])),
    ...(stats.outbox === undefined
      ? []
      : ([['Outbox', `${stats.outbox.waiting} waiting, ${stats.outbox.dead} failed`]] satisfies [string, string][])),
    ...(latency === undefined
      ? []
      : ([
          [
            'Latency',
            latency.p50 === null ? '–' : `p50 ${latency.p50} ms, p95 ${latency.p95} ms, p99 ${latency.p99} ms`,
          ],
        ] satisfies [string, string][])),
  ]
  return rows.map(([name, value]) => `${terminal.style('dim', name.padEnd(14))}${plainText(value)}`).join('\n')
}

function oneLine(stats: StatsDocument): string {
  const rate = stats.rates === undefined ? '' : `, ${stats.rates.deliveries.toFixed(1)} deliveries/s`
  return plainText(
    `${new Date().toISOString()} ${stats.active_users} people, ${stats.active_connections} connections${rate}`,
  )
}

function seconds(text: string): number {
  const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : 0
  if (value >= 0.1 && value <= 3_600) return value
  throw usageFailure(`--interval: expected seconds from 0.1 to 3600, got ${JSON.stringify(text)}.`)
}
