import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, test } from 'vitest'
import { type FocusDev, reach, startFocusDev } from '@focus-api/test-kit/focus/focus-dev'
import { signIn } from '@focus-api/test-kit/focus/sign-in'
import { temporaryFolder } from '@focus-api/test-kit/processes/temporary-folder'
import { spawnBound } from '@focus-api/test-kit/processes/child'
import { bin } from './command.ts'

/** Has Node print the files that a process loads, and the parts of Node itself. */
const listing = fileURLToPath(new URL('./support/list-modules.mjs', import.meta.url))

interface Loaded {
  readonly packages: readonly string[]
  readonly files: number
  /** Parts of Node, such as `internal/deps/undici/undici`. */
  readonly builtIn: readonly string[]
}

/** Runs the built command and returns what its process loaded. */
async function loadedBy(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Loaded> {
  const child = spawnBound(process.execPath, ['--import', listing, bin, ...args], {
    cwd: temporaryFolder('start-up'),
    env: { PATH: process.env.PATH, HOME: process.env.HOME, ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let stderr = ''
  child.stderr?.on('data', (bytes: Buffer) => (stderr += bytes.toString()))
  const code = await new Promise<number | null>((done) => child.once('close', done))
  expect(code, stderr).toBe(0)
  return listed(stderr)
}

function listed(stderr: string): Loaded {
  const line = stderr.split('\n').find((each) => each.startsWith('loaded: '))
  return JSON.parse((line ?? '').slice('loaded: '.length))
}

let server: FocusDev

beforeAll(async () => {
  server = await startFocusDev()
  await signIn(server, 'alice')
  return () => server.stop()
})

describe('a command loads only what it needs', () => {
  test('--version loads no package', async () => {
    const { packages, files, builtIn } = await loadedBy(['--version'])
    expect(packages).toEqual(['@focus-api/cli', '@focus-api/core'])
    expect(files).toBeLessThanOrEqual(10)
    // An import of `node:fs` or `node:util` would load these.
    expect(builtIn).not.toContain('internal/fs/streams')
    expect(builtIn).not.toContain('internal/util/parse_args/parse_args')
  })

  test.each([[['--help']], [['notify', '--help']], [['stats', '--help']]])(
    '%j loads the parser of the command line',
    async (args) => {
      const { packages, files, builtIn } = await loadedBy(args)
      expect(packages).toEqual(['@focus-api/cli', '@focus-api/core', 'commander'])
      expect(files).toBeLessThanOrEqual(20)
      expect(builtIn).not.toContain('internal/deps/undici/undici')
      expect(builtIn).not.toContain('http')
    },
  )

  test.each([
    [['notify', 'alice', '--title', 'Hello', '--message', 'It works']],
    [['notify', '--broadcast', '--title', 'Hello', '--message', 'It works', '--deliver-at', '30m']],
    [['stats']],
    [['users', 'list']],
    [['token', 'alice']],
    [['connections']],
  ])('%j loads an HTTP client too, without TLS and fetch', async (args) => {
    const { packages, files, builtIn } = await loadedBy(args, reach(server))
    expect(packages).toEqual(['@focus-api/cli', '@focus-api/core', 'commander'])
    expect(files).toBeLessThanOrEqual(30)
    expect(builtIn).toContain('http')
    expect(builtIn).not.toContain('internal/deps/undici/undici')
    expect(builtIn).not.toContain('https')
  })
})

test('defineConfig does not load the development provider, which the same entry exports', () => {
  const program = `await import('${new URL('../dist/index.js', import.meta.url).href}')`
  const args = ['--import', listing, '--input-type=module', '--eval', program]
  const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' })
  expect(status, stderr).toBe(0)
  expect(listed(stderr).packages).toEqual(['@focus-api/cli', '@focus-api/core'])
})
