import { join, resolve } from 'node:path'
import { type FocusDev, reach, startFocusDev } from '@focus-api/test-kit/focus/focus-dev'
import { signIn } from '@focus-api/test-kit/focus/sign-in'
import { removeFolder, temporaryFolder } from '@focus-api/test-kit/processes/temporary-folder'
import { costsOf } from '../report/measurement.ts'
import type { RunOptions, Scenario } from '../whole/scenario.ts'
import { cpuOfRuns, cpuUntilReady, type Program } from './process-cost.ts'

const root = resolve(import.meta.dirname, '../..')
const command = join(root, 'packages/cli/bin/focus.mjs')
const floor = 'node -e 0'

/** Waiting time of a user at a terminal: commands, and servers until they answer. */
export const startUp: Scenario = {
  about: 'processor time of commands and of servers until they answer, in multiples of an empty program',
  async run(options) {
    const folder = temporaryFolder('start-up')
    const server = await startFocusDev()
    try {
      await signIn(server, 'alice')
      return [commands(options, folder, server), await servers(options, folder)]
    } finally {
      await server.stop()
      removeFolder(folder)
    }
  },
}

function commands({ slices, isQuick }: RunOptions, folder: string, server: FocusDev) {
  const focus = (...args: string[]): Program => ({
    ...node(folder, command, ...args),
    env: { ...process.env, ...reach(server) },
  })
  const programs = new Map<string, Program>([
    ['focus --version', focus('--version')],
    ['focus --help', focus('--help')],
    ['focus notify', focus('notify', 'alice', '--title', 'Hello', '--message', 'It works')],
    ['focus stats', focus('stats')],
    [floor, node(folder, '-e', '0')],
  ])
  const costs = new Map([...programs.keys()].map((name): [string, number[]] => [name, []]))
  for (let slice = 0; slice < slices; slice += 1) {
    for (const [name, program] of programs) costs.get(name)?.push(cpuOfRuns(program, isQuick ? 1 : 10))
  }
  return costsOf(
    {
      name: 'start-up',
      variant: 'commands',
      title: 'a command from its start to its end; notify and stats call a running server',
      unit: 'CPU ms',
      isQuick,
      targets: [
        { of: 'focus --version', to: floor, kind: 'at most', bound: 1.6 },
        { of: 'focus --help', to: floor, kind: 'at most', bound: 2.5 },
        { of: 'focus notify', to: floor, kind: 'at most', bound: 3.5 },
        { of: 'focus stats', to: floor, kind: 'at most', bound: 3.5 },
      ],
    },
    costs,
  )
}

async function servers({ slices, isQuick }: RunOptions, folder: string) {
  const database = join(folder, 'focus.db')
  const library = `
    import { createFocus } from '@focus-api/core'
    const focus = await createFocus({ database: ${JSON.stringify(`sqlite:${database}`)}, env: { OAUTH_ENABLED: 'False' } })
    console.log('ready')
    process.once('SIGTERM', () => focus.close())`
  const dev = ['--port', '0', '--json', '--data']
  const programs = new Map<string, Program>([
    ['npm start', { command: 'npm', args: ['start', '--silent', '--', ...dev, join(folder, 'npm')], cwd: root }],
    ['focus dev', node(folder, command, 'dev', ...dev, join(folder, 'dev'))],
    ['createFocus', node(join(root, 'bench'), '--input-type=module', '--eval', library)],
    [floor, node(folder, '-e', 'console.log(0); setInterval(() => undefined, 1000)')],
  ])
  const costs = new Map([...programs.keys()].map((name): [string, number[]] => [name, []]))
  // The first start creates the tables and the keys.
  for (const program of programs.values()) await cpuUntilReady(program)
  for (let slice = 0; slice < slices; slice += 1) {
    for (const [name, program] of programs) costs.get(name)?.push(await cpuUntilReady(program))
  }
  return costsOf(
    {
      name: 'start-up',
      variant: 'servers',
      title: 'until a server answers, all its processes; the database exists and the packages are built',
      unit: 'CPU ms',
      isQuick,
      targets: [{ of: 'npm start', to: 'focus dev', kind: 'at most', bound: 2 }],
    },
    costs,
  )
}

function node(cwd: string, ...args: string[]): Program {
  return { command: process.execPath, args, cwd }
}
