import { type ChildProcess, fork, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { attacks } from './attacks.ts'
import type { Phase } from './probe-process.ts'
import { missed, type Outcome, report } from './report.ts'
import type { TargetName } from './scene.ts'
import { startTarget, type Target } from './targets.ts'

/**
 * Floods `focus serve`, and better-auth and socket.io in an Express application. Measures the waiting times of a normal user
 * before, during and after each flood, the server's memory, and failures. Everything runs on loopback. Exits with 1 if
 * `focus serve` exceeds a limit.
 *
 *     npm --prefix bench run abuse -- [sign-in-starts inbox-pages …] [--seconds 10] [--only focus] [--json file]
 */
const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    seconds: { type: 'string', default: '10' },
    only: { type: 'string' },
    json: { type: 'string' },
  },
})
const seconds = Number(values.seconds)
const names = positionals.length > 0 ? positionals : Object.keys(attacks)
for (const name of names) {
  if (!attacks[name]) throw new Error(`Unknown flood ${name}. Known: ${Object.keys(attacks).join(', ')}.`)
}

const provider = forkBeside('provider-process.ts', [])
const [{ issuer }] = (await once(provider, 'message')) as [{ issuer: string }]
const outcomes: Outcome[] = []
for (const name of names) {
  for (const target of ['focus', 'peers'] as const) {
    if (!attacks[name]?.floods[target] || (values.only !== undefined && values.only !== target)) continue
    process.stderr.write(`${name}, ${target} …\n`)
    outcomes.push(await measure(name, target))
  }
}
provider.disconnect()
report(outcomes)
if (values.json !== undefined) writeFileSync(values.json, JSON.stringify(outcomes.map(summary), null, 2))
process.exitCode = outcomes.some((each) => each.target === 'focus' && missed(each).length > 0) ? 1 : 0

async function measure(attack: string, name: TargetName): Promise<Outcome> {
  const target = await startTarget(name, issuer)
  const probe = forkBeside('probe-process.ts', [JSON.stringify(target.scene)])
  await once(probe, 'message')
  try {
    await delay(2_000)
    await phaseOf(probe) // warm-up
    await delay(5_000)
    const before = await phaseOf(probe)
    const { sent, grownMiB } = await flood(attack, target)
    const during = await phaseOf(probe)
    await delay(5_000)
    await phaseOf(probe)
    await delay(5_000)
    const after = await phaseOf(probe)
    const alive = target.process.exitCode === null && target.process.signalCode === null
    if (!alive) process.stderr.write(target.output())
    return { attack, target: name, before, during, after, grownMiB, alive, sent }
  } finally {
    probe.disconnect()
    await target.close()
  }
}

async function flood(attack: string, target: Target): Promise<{ sent: Record<string, number>; grownMiB: number }> {
  const quiet = residentMiB(target)
  let most = quiet
  const looking = setInterval(() => (most = Math.max(most, residentMiB(target))), 250)
  const attacker = forkBeside('flood-process.ts', [JSON.stringify({ name: attack, scene: target.scene })])
  const answer = once(attacker, 'message') as Promise<[Record<string, number>]>
  await delay(seconds * 1_000)
  attacker.send('stop')
  const [sent] = await answer
  clearInterval(looking)
  return { sent, grownMiB: most - quiet }
}

async function phaseOf(probe: ChildProcess): Promise<Phase> {
  probe.send('phase')
  const [phase] = (await once(probe, 'message')) as [Phase]
  return phase
}

/** Starts a helper process on the core that the server does not use. */
function forkBeside(file: string, args: readonly string[]): ChildProcess {
  const child = fork(join(import.meta.dirname, file), args, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
  spawnSync('taskset', ['-a', '-cp', '1', String(child.pid)])
  return child
}

/** Returns the memory of a process; 0 on systems other than Linux, and after its end. */
function residentMiB({ process: { pid } }: Target): number {
  try {
    return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1_024
  } catch {
    return 0
  }
}

function summary(outcome: Outcome): object {
  const { attack, target, grownMiB, alive, sent } = outcome
  return { attack, target, grownMiB, alive, sent, missed: missed(outcome) }
}
