import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { scaffold } from '../src/scaffold.ts'
import { ScaffoldError, type ScaffoldErrorKind } from '../src/common/scaffold-error.ts'
import { layOut, listFiles, text } from '@focus-api/test-kit/processes/repository-folder'
import type { Fixture } from './support/repositories.ts'

const manifest = '.focus/ci.json'
const plain = { 'package.json': '{"name":"shop"}', 'package-lock.json': '{}' }

/** Runs the scaffolder, and expects an error that leaves the repository unchanged. */
async function refusal(fixture: Pick<Fixture, 'files' | 'git' | 'options'>): Promise<ScaffoldError> {
  const root = layOut(fixture)
  const before = listFiles(root)
  const problem = await scaffold(root, fixture.options).then(
    () => undefined,
    (error: unknown) => error,
  )
  expect(listFiles(root)).toEqual(before)
  if (!(problem instanceof ScaffoldError)) throw new Error(`no refusal, but ${String(problem)}`)
  expect(problem.hint).not.toBe('')
  return problem
}

const refusals: readonly (readonly [
  what: string,
  code: string,
  kind: ScaffoldErrorKind,
  hint: RegExp,
  fixture: Pick<Fixture, 'files' | 'git' | 'options'>,
])[] = [
  [
    'two lockfiles',
    'contradictory_lockfiles',
    'input',
    /--pm npm or --pm pnpm/,
    { files: { ...plain, 'pnpm-lock.yaml': '' } },
  ],
  [
    'a lockfile against packageManager',
    'contradictory_lockfiles',
    'input',
    /--pm/,
    { files: { ...plain, 'package.json': '{"packageManager":"yarn@4.1.0"}' } },
  ],
  [
    'two Python lockfiles',
    'contradictory_lockfiles',
    'input',
    /--pm poetry or --pm uv|--pm uv or --pm poetry/,
    { files: { 'uv.lock': '', 'poetry.lock': '' } },
  ],
  ['both flavours', 'ambiguous_flavour', 'input', /--flavour/, { files: { ...plain, 'pyproject.toml': '' } }],
  ['neither flavour', 'unknown_flavour', 'input', /--flavour/, { files: { 'main.go': '' } }],
  [
    'a package manager of the other flavour',
    'invalid_package_manager',
    'input',
    /npm, pnpm, yarn, bun/,
    { files: plain, options: { answers: { pm: 'poetry' } } },
  ],
  ['a package.json that is no JSON', 'invalid_json', 'input', /package\.json/, { files: { 'package.json': '{' } }],
  ['a package.json that is a list', 'invalid_json', 'input', /package\.json/, { files: { 'package.json': '[]' } }],
  ['a pyproject.toml that is no TOML', 'invalid_toml', 'input', /pyproject/, { files: { 'pyproject.toml': '[' } }],
  [
    'a workflow that is a symbolic link',
    'unsafe_path',
    'input',
    /link/,
    { files: { ...plain, '.github/workflows/ci.yml': { link: '/etc/hostname' } } },
  ],
  [
    'a folder that is a symbolic link',
    'unsafe_path',
    'input',
    /link/,
    { files: { ...plain, '.github': { link: '/tmp' } } },
  ],
  [
    'a manifest folder that is a symbolic link',
    'unsafe_path',
    'input',
    /link/,
    { files: { ...plain, '.focus': { link: '..' } } },
  ],
  ['a folder where a file should be', 'not_a_file', 'input', /--only/, { files: { ...plain, 'Dockerfile/x': '' } }],
  ['a file where a folder should be', 'not_a_file', 'input', /--only/, { files: { ...plain, deploy: '' } }],
  [
    'a read-only file',
    'read_only',
    'failure',
    /chmod/,
    { files: { ...plain, 'README.md': { text: '# Shop\n', mode: 0o444 } } },
  ],
  ['a manifest that is no JSON', 'invalid_json', 'input', /ci\.json/, { files: { ...plain, [manifest]: '{' } }],
  ['a manifest of nothing', 'invalid_manifest', 'input', /delete/, { files: { ...plain, [manifest]: '{}' } }],
  [
    'a manifest that leaves the repository',
    'invalid_manifest',
    'input',
    /delete/,
    { files: { ...plain, [manifest]: '{"schema":1,"files":{"../x":{"base":""}}}' } },
  ],
  [
    'a manifest of a newer version',
    'newer_manifest',
    'input',
    /newer/,
    { files: { ...plain, [manifest]: '{"schema":2,"files":{}}' } },
  ],
]

const badAnswers: readonly (readonly [name: string, value: unknown])[] = [
  ['flavour', 'go'],
  ['pm', ['npm']],
  ['services', ['redis', 'oracle']],
  ['branch', 'main]\n    evil: true'],
  ['repo', 'acme/shop/../..'],
  ['repo', 7],
  ['port', '3000;'],
  ['port', 70_000],
  ['port', 80.5],
  ['health_path', "/up'); process.exit(0); ('"],
  ['domain', 'shop.example.com; include /etc/passwd'],
  ['domain', null],
]

test.each(badAnswers)('rejects the answer %s: %j in the manifest', async (name, value) => {
  const source = JSON.stringify({ schema: 1, answers: { [name]: value }, files: {} })
  const problem = await refusal({ files: { ...plain, [manifest]: source } })
  expect([problem.code, problem.kind]).toEqual(['invalid_manifest', 'input'])
  expect(problem.message).toContain(`${manifest}, answers.${name}: ${JSON.stringify(value)} is not`)
})

test('rejects a list of answers in the manifest', async () => {
  const problem = await refusal({ files: { ...plain, [manifest]: '{"schema":1,"answers":[],"files":{}}' } })
  expect([problem.code, problem.kind]).toEqual(['invalid_manifest', 'input'])
})

test.each(refusals)('%s: %s', async (_what, code, kind, hint, fixture) => {
  const problem = await refusal(fixture)
  expect([problem.code, problem.kind]).toEqual([code, kind])
  expect(problem.hint).toMatch(hint)
})

test('rejects a folder that does not exist', async () => {
  await expect(scaffold('/nonexistent/shop')).rejects.toMatchObject({
    code: 'no_such_directory',
    kind: 'input',
  })
})

test('rejects a folder inside a repository, because GitHub reads workflows at the root', async () => {
  const root = layOut({ files: plain })
  mkdirSync(join(root, 'backend'))
  writeFileSync(join(root, 'backend/package.json'), '{}')
  await expect(scaffold(join(root, 'backend'))).rejects.toMatchObject({ code: 'not_the_root', kind: 'input' })
})

describe('when a write fails half-way', () => {
  test('reports the failure, and the next run continues from there', async () => {
    const root = layOut({ files: plain })
    // A folder has the name of the temporary file, so that staging the manifest, which comes last, fails.
    mkdirSync(join(root, `.focus/.ci.json.focus-${process.pid}`), { recursive: true })
    await expect(scaffold(root)).rejects.toMatchObject({ code: 'write_failed', kind: 'failure' })
    expect(listFiles(root)).toEqual(['package-lock.json', 'package.json'])
  })
})

test('never inserts an unsafe branch name into a workflow', async () => {
  const root = layOut({ files: plain, git: { branch: 'main' } })
  writeFileSync(join(root, '.git/HEAD'), 'ref: refs/heads/x]\n    evil: true\n')
  await scaffold(root)
  expect(text(root, '.github/workflows/ci.yml')).toContain('branches: [main, develop]')
})
