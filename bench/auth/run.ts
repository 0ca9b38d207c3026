import { type ChildProcess, fork } from 'node:child_process'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { type ContestantName, contestants, isContestant } from './contestants.ts'
import { Load } from './load.ts'

/**
 * One protected Express route behind each of: nothing, Focus' `requireUser`, passport-jwt, fast-jwt with its cache. Every server
 * has a process of its own; slices of all of them are interleaved. Figures are medians; what counts is their ratio.
 *
 *     pnpm --filter focus-bench run auth [--slices 7] [--ms 1000]
 */
const { values } = parseArgs({
  options: { slices: { type: 'string', default: '7' }, ms: { type: 'string', default: '1000' } },
})

interface Slice {
  readonly perSecond: number
  /** Of the server's process, for one request. */
  readonly cpuMicroseconds: number
}

class Arena {
  readonly name: ContestantName
  readonly slices: Slice[] = []
  readonly #child: ChildProcess
  readonly #load: Load

  static async open(name: ContestantName): Promise<Arena> {
    const child = fork(join(import.meta.dirname, 'server.ts'), [name], {
      execArgv: ['--conditions=@focus-api/source'],
    })
    const { port, token } = await nextMessage<{ port: number; token: string }>(child)
    const load = new Load({ port, token, path: '/protected', connections: 16, pipelined: 8 })
    await load.open()
    return new Arena(name, child, load)
  }

  private constructor(name: ContestantName, child: ChildProcess, load: Load) {
    this.name = name
    this.#child = child
    this.#load = load
  }

  async slice(milliseconds: number): Promise<Slice> {
    const before = await this.#cpu()
    const { answers, seconds } = await this.#load.run(milliseconds)
    const spent = (await this.#cpu()) - before
    return { perSecond: answers / seconds, cpuMicroseconds: spent / answers }
  }

  close(): void {
    this.#load.close()
    this.#child.disconnect()
  }

  async #cpu(): Promise<number> {
    this.#child.send('cpu')
    const { user, system } = await nextMessage<NodeJS.CpuUsage>(this.#child)
    return user + system
  }
}

const arenas = await Promise.all(
  Object.keys(contestants)
    .filter(isContestant)
    .map((name) => Arena.open(name)),
)
try {
  const milliseconds = Number(values.ms)
  for (const arena of arenas) await arena.slice(milliseconds)
  for (let slice = 0; slice < Number(values.slices); slice += 1) {
    for (const arena of arenas) arena.slices.push(await arena.slice(milliseconds))
  }
  report(arenas)
} finally {
  for (const arena of arenas) arena.close()
}

function report(measured: readonly Arena[]): void {
  const medians = measured.map(({ name, slices }) => ({
    name,
    perSecond: median(slices.map((slice) => slice.perSecond)),
    cpu: median(slices.map((slice) => slice.cpuMicroseconds)),
  }))
  const focus = medians.find(({ name }) => name === 'focus')
  if (!focus) throw new Error('Focus was not measured.')
  console.table(
    medians.map(({ name, perSecond, cpu }) => ({
      name,
      'requests/s': Math.round(perSecond),
      'CPU µs/request': Number(cpu.toFixed(1)),
      'focus : this, requests/s': Number((focus.perSecond / perSecond).toFixed(2)),
      'focus : this, per CPU second': Number((cpu / focus.cpu).toFixed(2)),
    })),
  )
}

function nextMessage<T>(child: ChildProcess): Promise<T> {
  return new Promise((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`A server ended with ${code}.`)))
    child.once('message', (message) => {
      child.removeAllListeners('exit')
      resolve(message as T)
    })
  })
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN
}
