import { readFileSync } from 'node:fs'
import { RedisBroker } from '../../../src/cluster/redis/redis-broker.ts'
import { type Logger, silentLogger } from '../../../src/common/logging/logger.ts'

interface Options {
  readonly url: string
  readonly node?: string
  readonly cluster?: string
  readonly logger?: Logger
  readonly secrets?: readonly string[]
}

/** Opens the broker of a node as the composition does it. */
export function openRedisBroker({
  url,
  node = 'n1',
  cluster = 'test',
  logger = silentLogger,
  secrets = ['a secret of the tests that is long enough'],
}: Options): Promise<RedisBroker> {
  const debug = Object.assign(() => undefined, { enabled: false })
  return RedisBroker.open({ url, node, cluster, secrets, logger, debug })
}

/** A logger that keeps its warnings. */
export class Warnings implements Logger {
  readonly lines: string[] = []
  debug(): void {}
  info(): void {}
  warn(message: string, fields?: Record<string, unknown>): void {
    const { reason } = fields ?? {}
    this.lines.push(typeof reason === 'string' ? `${message}: ${reason}` : message)
  }
  error(message: string): void {
    this.lines.push(message)
  }
}

/** Memory that this process holds, in bytes, with what Node holds outside its heap. */
export function residentBytes(): number {
  return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) * 1024
}
