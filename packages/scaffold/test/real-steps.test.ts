import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { parse, stringify } from 'yaml'
import { findBinary } from '@focus-api/test-kit/servers/binaries'
import {
  type Mariadb,
  type Redis,
  startMariadb,
  startRedis,
  temporaryFolder,
} from '@focus-api/test-kit/servers/servers'
import { scaffold } from '../src/scaffold.ts'
import { layOut, text } from '@focus-api/test-kit/processes/repository-folder'
import { runStep, type ScriptStep, scriptSteps } from './support/workflow-steps.ts'

/** The steps of the generated CI job, run unchanged in a repository with lint, types and tests. */
let root: string
let steps: readonly ScriptStep[]
let mariadb: Mariadb
let redis: Redis
let env: NodeJS.ProcessEnv

beforeAll(async () => {
  ;[mariadb, redis] = await Promise.all([startMariadb(), startRedis()])
  root = layOut({ files: repository() })
  await scaffold(root, { answers: { services: ['mysql', 'redis'] } })
  // The services of the job, on this machine.
  const services = { DATABASE_URL: mariadb.url, REDIS_URL: redis.url }
  steps = scriptSteps(text(root, '.github/workflows/ci.yml'), 'test').map((step) => {
    const named = Object.keys(services).filter((name) => name in step.env)
    if (named.length !== 2) throw new Error(`${step.name} is not told of its services`)
    return { ...step, env: { ...step.env, ...services } }
  })
  env = {
    ...process.env,
    PATH: [dirname(process.execPath), pnpmFolder(), process.env['PATH']].join(delimiter),
    CI: 'true',
  }
})

afterAll(async () => {
  await Promise.all([mariadb.stop(), redis.stop()])
})

test('are those of the guide', () => {
  expect(steps.map(({ name }) => name)).toEqual(['Install dependencies', 'Lint', 'Check types', 'Build', 'Test'])
})

test('install, lint, check types, build and test, with MariaDB and Redis', () => {
  for (const step of steps) {
    const { status, output } = runStep(step, root, env)
    expect(status, `${step.name}\n${output}`).toBe(0)
  }
  expect(readFileSync(join(root, 'coverage/lcov.info'), 'utf8')).toContain('SF:src/sum.ts')
  expect(existsSync(join(root, 'dist/sum.js'))).toBe(true)
}, 120_000)

test('fail when the code is broken', () => {
  const outcome = (name: string) => {
    const step = steps.find((candidate) => candidate.name === name)
    if (step === undefined) throw new Error(`there is no step ${name}`)
    return runStep(step, root, env).status
  }
  writeFileSync(
    join(root, 'src/sum.ts'),
    'export function sum(a: number, b: number): number {\n  debugger\n  return `${a - b}`\n}\n',
  )
  expect(outcome('Lint')).not.toBe(0)
  expect(outcome('Check types')).not.toBe(0)
  expect(outcome('Test')).not.toBe(0)
}, 60_000)

/** A repository with packages that this workspace has installed already, so that its install needs no network. */
function repository(): Record<string, string> {
  const workspace = parse(readFileSync(fileURLToPath(new URL('../../../pnpm-lock.yaml', import.meta.url)), 'utf8'))
  const known = Object.assign(
    {},
    ...Object.values(workspace.importers).flatMap((importer) => Object.values(importer as object)),
  )
  const pick = (names: readonly string[]) => Object.fromEntries(names.map((name) => [name, known[name]]))
  const dependencies = pick(['mysql2'])
  const devDependencies = pick(['@types/node', '@vitest/coverage-v8', '@typescript/native', 'oxlint', 'vitest'])
  const specifiers = (group: Record<string, { specifier: string }>) =>
    Object.fromEntries(Object.entries(group).map(([name, { specifier }]) => [name, specifier]))
  return {
    'package.json': JSON.stringify({
      name: 'shop',
      type: 'module',
      scripts: { lint: 'oxlint --deny-warnings', typecheck: 'tsc --noEmit', build: 'tsc', test: 'vitest run' },
      dependencies: specifiers(dependencies),
      devDependencies: specifiers(devDependencies),
    }),
    'pnpm-lock.yaml': stringify({ ...workspace, importers: { '.': { dependencies, devDependencies } } }),
    'pnpm-workspace.yaml': 'minimumReleaseAge: 0\nallowBuilds:\n  esbuild: false\n',
    'tsconfig.json': JSON.stringify({
      compilerOptions: { module: 'nodenext', strict: true, outDir: 'dist', rootDir: 'src', types: ['node'] },
      include: ['src'],
      exclude: ['**/*.test.ts'],
    }),
    '.gitignore': 'node_modules/\ndist/\ncoverage/\n',
    'src/sum.ts': 'export function sum(a: number, b: number): number {\n  return a + b\n}\n',
    'src/sum.test.ts': serviceTest,
  }
}

const serviceTest = `import { connect } from 'node:net'
import { createConnection } from 'mysql2/promise'
import { expect, test } from 'vitest'
import { sum } from './sum.js'

test('adds', () => expect(sum(1, 2)).toBe(3))

test('reaches MySQL', async () => {
  const connection = await createConnection(process.env.DATABASE_URL ?? '')
  const [rows] = await connection.query('select 1 + 1 as two')
  expect(rows).toEqual([{ two: 2 }])
  await connection.end()
})

test('reaches Redis', async () => {
  const { hostname, port } = new URL(process.env.REDIS_URL ?? '')
  const socket = connect(Number(port), hostname)
  socket.write('PING\\r\\n')
  const answer = await new Promise((resolve) => socket.once('data', resolve))
  expect(String(answer)).toBe('+PONG\\r\\n')
  socket.end()
})
`

/** Returns a folder with \`pnpm\`: the one on PATH, otherwise one that calls npm. */
function pnpmFolder(): string {
  const found = findBinary('pnpm')
  if (found !== null) return dirname(found)
  const folder = temporaryFolder('pnpm')
  writeFileSync(
    join(folder, 'pnpm'),
    '#!/bin/sh\nexec npm exec --yes --prefer-offline --package=pnpm@12 -- pnpm "$@"\n',
    { mode: 0o755 },
  )
  return folder
}
