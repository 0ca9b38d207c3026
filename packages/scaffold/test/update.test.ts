import { execFileSync } from 'node:child_process'
import { renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { parse } from 'yaml'
import { scaffold, type ScaffoldOptions, type ScaffoldResult } from '../src/scaffold.ts'
import { isSafeMerge } from '../src/validate/validate.ts'
import { edit, layOut, listFiles, snapshot, text } from '@focus-api/test-kit/processes/repository-folder'

const ci = '.github/workflows/ci.yml'
const manifest = '.focus/ci.json'
const files = {
  'package.json': JSON.stringify({
    name: 'shop',
    scripts: { lint: 'eslint .', test: 'vitest run' },
    dependencies: { mysql2: '3' },
  }),
  'package-lock.json': '{}',
  'README.md': '# Shop\n\nText.\n',
  '.env.example': 'MINE=1\nPORT=9000\n',
}

vi.setConfig({ testTimeout: 90_000 })

let root: string

beforeEach(async () => {
  root = layOut({ files })
  await scaffold(root)
})

function again(options: ScaffoldOptions = {}): Promise<ScaffoldResult> {
  return scaffold(root, options)
}

function stateOf(result: ScaffoldResult, path: string): string | undefined {
  return result.report.files.find((file) => file.path === path)?.state
}

/** Simulates an older version that wrote `older` where this one writes `newer`, in the file and the manifest. */
function age(path: string, newer: string, older: string): void {
  edit(root, path, newer, older)
  ageBase(path, newer, older)
}

/** Does the same for a file that was edited afterwards. */
function ageBase(path: string, newer: string, older: string): void {
  const document = JSON.parse(text(root, manifest))
  const { base } = document.files[path]
  if (!base.includes(newer)) throw new Error(`the base of ${path} does not hold ${newer}`)
  document.files[path].base = base.replace(newer, older)
  writeFileSync(join(root, manifest), `${JSON.stringify(document, null, 2)}\n`)
}

describe('an unedited file', () => {
  test('is updated when the generated text changed', async () => {
    const current = text(root, ci)
    age(ci, 'timeout-minutes: 20', 'timeout-minutes: 15')
    const result = await again()
    expect([stateOf(result, ci), result.outcome]).toEqual(['update', 'done'])
    expect(text(root, ci)).toBe(current)
  })

  test('keeps Windows line ends', async () => {
    const current = text(root, ci)
    age(ci, 'timeout-minutes: 20', 'timeout-minutes: 15')
    writeFileSync(join(root, ci), text(root, ci).replaceAll('\n', '\r\n'))
    expect(stateOf(await again(), ci)).toBe('update')
    expect(text(root, ci)).toBe(current.replaceAll('\n', '\r\n'))
  })

  test('counts as unchanged when only its line ends were changed', async () => {
    writeFileSync(join(root, ci), text(root, ci).replaceAll('\n', '\r\n'))
    const before = snapshot(root)
    expect(stateOf(await again(), ci)).toBe('unchanged')
    expect(snapshot(root)).toEqual(before)
  })
})

describe('an edited file', () => {
  test('stays unchanged while the generated text does', async () => {
    edit(root, ci, 'name: Lint', 'name: Lint and more')
    const before = snapshot(root)
    const result = await again({ check: true })
    expect([stateOf(result, ci), result.outcome]).toEqual(['unchanged', 'done'])
    await again()
    expect(snapshot(root)).toEqual(before)
  })

  test('is merged with the new text', async () => {
    age(ci, 'timeout-minutes: 20', 'timeout-minutes: 15')
    edit(root, ci, 'name: Lint', 'name: Lint and more')
    const result = await again()
    expect([stateOf(result, ci), result.outcome]).toEqual(['merge', 'done'])
    expect(text(root, ci)).toContain('timeout-minutes: 20')
    expect(text(root, ci)).toContain('name: Lint and more')
    expect((await again()).written).toBe(false)
  })

  test('with the same change is left unchanged', async () => {
    const current = text(root, ci)
    ageBase(ci, 'timeout-minutes: 20', 'timeout-minutes: 15')
    expect(stateOf(await again(), ci)).toBe('unchanged')
    expect(text(root, ci)).toBe(current)
  })

  test('keeps an edit at any line, or is left unchanged in a conflict', async () => {
    age(ci, 'timeout-minutes: 20', 'timeout-minutes: 15')
    const aged = text(root, ci)
    const agedManifest = text(root, manifest)
    const lines = aged.split('\n')
    const states = new Set<string | undefined>()
    for (let line = 0; line < lines.length; line += 8) {
      const edited = [...lines.slice(0, line), '# mine', ...lines.slice(line)].join('\n')
      writeFileSync(join(root, ci), edited)
      writeFileSync(join(root, manifest), agedManifest)
      const state = stateOf(await again({ targets: ['ci'] }), ci)
      states.add(state)
      expect(text(root, ci)).toContain('# mine')
      if (state === 'merge')
        expect(text(root, ci).replace('# mine\n', '')).toBe(aged.replace('timeout-minutes: 15', 'timeout-minutes: 20'))
      else expect([state, text(root, ci)]).toEqual(['conflict', edited])
      rmSync(join(root, `${ci}.focus-new`), { force: true })
    }
    expect(states.has('merge')).toBe(true)
  })
})

describe('a conflict', () => {
  let mine: string
  beforeEach(() => {
    age(ci, 'timeout-minutes: 20', 'timeout-minutes: 15')
    edit(root, ci, 'timeout-minutes: 15', 'timeout-minutes: 60')
    mine = text(root, ci)
  })

  test('keeps the workflow valid, and writes the new version beside it', async () => {
    const result = await again()
    expect([stateOf(result, ci), result.outcome, result.report.ok]).toEqual(['conflict', 'conflict', false])
    expect(text(root, ci)).toBe(mine)
    expect(parse(text(root, ci))).toHaveProperty('jobs.test')
    expect(text(root, `${ci}.focus-new`)).toContain('timeout-minutes: 20')
    expect(text(root, `${ci}.focus-new`)).not.toMatch(/^(?:<<<<<<<|>>>>>>>|=======)/m)
  })

  test('stays a conflict, without another write, until it is resolved', async () => {
    await again()
    const before = snapshot(root)
    expect((await again()).outcome).toBe('conflict')
    expect((await again({ check: true })).outcome).toBe('drift')
    expect(snapshot(root)).toEqual(before)
  })

  test('is resolved by deleting the new version, which keeps mine', async () => {
    await again()
    rmSync(join(root, `${ci}.focus-new`))
    expect((await again()).outcome).toBe('done')
    expect(text(root, ci)).toBe(mine)
    expect(listFiles(root)).not.toContain(`${ci}.focus-new`)
    expect((await again({ check: true })).outcome).toBe('done')
  })

  test('is resolved by moving the new version over mine', async () => {
    await again()
    renameSync(join(root, `${ci}.focus-new`), join(root, ci))
    const result = await again()
    expect([stateOf(result, ci), result.outcome]).toEqual(['unchanged', 'done'])
  })

  test('is resolved by copying the new lines, which removes the new version', async () => {
    await again()
    writeFileSync(join(root, ci), text(root, `${ci}.focus-new`))
    expect((await again()).outcome).toBe('done')
    expect(listFiles(root)).not.toContain(`${ci}.focus-new`)
  })

  test('is resolved by --force, and a copy of mine stays', async () => {
    const result = await again({ force: true })
    expect([stateOf(result, ci), result.outcome]).toEqual(['update', 'done'])
    expect(text(root, ci)).toContain('timeout-minutes: 20')
    expect(text(root, `${ci}.focus-old`)).toBe(mine)
  })

  test('keeps edits of the new version too', async () => {
    await again()
    edit(root, `${ci}.focus-new`, 'name: CI', 'name: half merged')
    const before = snapshot(root)
    expect((await again()).outcome).toBe('conflict')
    expect(snapshot(root)).toEqual(before)
  })

  test('is resolved by --force twice, and both copies stay', async () => {
    writeFileSync(join(root, `${ci}.focus-old`), 'older\n')
    await again({ force: true })
    expect(text(root, `${ci}.focus-old`)).toBe('older\n')
    expect(text(root, `${ci}.focus-old.1`)).toBe(mine)
  })

  test('results from a merge that fits by its lines but breaks the workflow', () => {
    const workflow = text(root, ci)
    const without = (name: string) => workflow.replace(name, '')
    expect(isSafeMerge(ci, workflow, workflow.replace('steps:', 'steps: ['), new Map())).toBe(false)
    expect(isSafeMerge(ci, workflow, without('persist-credentials: false'), new Map())).toBe(false)
    expect(
      isSafeMerge(ci, without('persist-credentials: false'), without('persist-credentials: false'), new Map()),
    ).toBe(true)
  })
})

describe('a file that was deleted', () => {
  test('stays deleted, and comes back with --restore', async () => {
    const before = text(root, 'Dockerfile')
    rmSync(join(root, 'Dockerfile'))
    const result = await again()
    expect([stateOf(result, 'Dockerfile'), result.outcome]).toEqual(['deleted-by-user', 'done'])
    expect(result.report.files.find(({ path }) => path === 'Dockerfile')?.sha256).toBeNull()
    expect((await again({ check: true })).outcome).toBe('done')
    expect((await again({ force: true })).report.files.find(({ path }) => path === 'Dockerfile')?.state).toBe(
      'deleted-by-user',
    )
    expect(listFiles(root)).not.toContain('Dockerfile')
    expect(stateOf(await again({ restore: true }), 'Dockerfile')).toBe('create')
    expect(text(root, 'Dockerfile')).toBe(before)
  })
})

describe('a file that existed before', () => {
  beforeEach(() => {
    root = layOut({ files: { ...files, [ci]: 'name: mine\n' } })
  })

  test('is left unchanged', async () => {
    const result = await again()
    expect([stateOf(result, ci), result.outcome]).toEqual(['foreign', 'done'])
    expect(text(root, ci)).toBe('name: mine\n')
    expect(stateOf(await again(), ci)).toBe('foreign')
    expect(result.report.warnings.join()).toContain(ci)
  })

  test('is not replaced by --yes or --restore, but by --force, and a copy stays', async () => {
    expect(stateOf(await again({ restore: true }), ci)).toBe('foreign')
    expect(stateOf(await again({ force: true }), ci)).toBe('update')
    expect(text(root, ci)).toContain('name: CI')
    expect(text(root, `${ci}.focus-old`)).toBe('name: mine\n')
  })

  test('counts as generated when its text is the same', async () => {
    const other = layOut({ files })
    await scaffold(other)
    writeFileSync(join(root, ci), text(other, ci))
    expect(stateOf(await again(), ci)).toBe('unchanged')
    expect(JSON.parse(text(root, manifest)).files[ci].base).toBe(text(other, ci))
  })
})

test('reports a file that is no longer generated, and leaves it', async () => {
  const document = JSON.parse(text(root, manifest))
  document.files['old.yml'] = { base: 'x\n', sha256: '' }
  writeFileSync(join(root, manifest), JSON.stringify(document))
  writeFileSync(join(root, 'old.yml'), 'x\n')
  const result = await again()
  expect([stateOf(result, 'old.yml'), result.outcome]).toEqual(['orphan', 'done'])
  expect(text(root, 'old.yml')).toBe('x\n')
})

describe('a region in a user’s file', () => {
  test('goes below the title of the README, and the rest stays unchanged', async () => {
    expect(text(root, 'README.md')).toMatch(
      /^# Shop\n\n<!-- focus init: badges -->\n!\[CI\]\(https:\/\/github\.com\/acme\/shop\/workflows\/CI\/badge\.svg\)\n[^]*<!-- \/focus init: badges -->\n\nText\.\n$/,
    )
    writeFileSync(
      join(root, 'README.md'),
      text(root, 'README.md').replace('Text.', 'Other text.').replace('# Shop', '# The shop'),
    )
    expect((await again()).written).toBe(false)
    await again({ answers: { repo: 'acme/store' } })
    expect(text(root, 'README.md')).toContain('acme/store/workflows/CD/badge.svg')
    expect(text(root, 'README.md')).toMatch(/^# The shop\n[^]*\nOther text\.\n$/)
  })

  test('keeps badges that were added in it', async () => {
    edit(root, 'README.md', '<!-- /focus init: badges -->', '![mine](x)\n<!-- /focus init: badges -->')
    expect(stateOf(await again({ check: true }), 'README.md')).toBe('unchanged')
    expect(stateOf(await again({ answers: { branch: 'trunk' } }), 'README.md')).toMatch(/merge|conflict/)
    expect(text(root, 'README.md')).toContain('![mine](x)')
  })

  test('stays away after its markers were removed', async () => {
    writeFileSync(join(root, 'README.md'), '# Shop\n')
    expect(stateOf(await again(), 'README.md')).toBe('deleted-by-user')
    expect(text(root, 'README.md')).toBe('# Shop\n')
    expect(stateOf(await again({ restore: true }), 'README.md')).toBe('update')
    expect(text(root, 'README.md')).toContain('badge.svg')
  })

  test('adds only the missing keys to .env.example', async () => {
    const source = text(root, '.env.example')
    expect(source.startsWith('MINE=1\nPORT=9000\n\n# >>> focus init\n')).toBe(true)
    expect(source.match(/^PORT=/gm)).toHaveLength(1)
    expect(source).toContain('\nGOOGLE_CLIENT_ID=\n')
    writeFileSync(join(root, '.env.example'), `GOOGLE_CLIENT_ID=abc\n${source}`)
    expect(stateOf(await again(), '.env.example')).toBe('update')
    expect(text(root, '.env.example').match(/^GOOGLE_CLIENT_ID=/gm)).toHaveLength(1)
    expect((await again()).written).toBe(false)
  })
})

describe('a run that only asks', () => {
  beforeEach(() => age(ci, 'timeout-minutes: 20', 'timeout-minutes: 15'))

  test('--dry-run writes nothing', async () => {
    const before = snapshot(root)
    const result = await again({ dryRun: true })
    expect([stateOf(result, ci), result.outcome, result.written]).toEqual(['update', 'done', false])
    expect(snapshot(root)).toEqual(before)
  })

  test('--check finds drift', async () => {
    const before = snapshot(root)
    const result = await again({ check: true })
    expect([result.outcome, result.report.ok]).toEqual(['drift', false])
    expect(snapshot(root)).toEqual(before)
  })

  test('a refused question writes nothing', async () => {
    const before = snapshot(root)
    const result = await again({ confirm: () => Promise.resolve(false) })
    expect(result.written).toBe(false)
    expect(snapshot(root)).toEqual(before)
  })

  test('asks only when there is something to write', async () => {
    await again()
    let asked = 0
    await again({ confirm: () => Promise.resolve(++asked > 0) })
    expect(asked).toBe(0)
  })
})

test('--diff is a patch that git applies', async () => {
  const fresh = layOut({ files })
  const report = (await scaffold(fresh, { dryRun: true, diff: true })).report
  const patch = report.files.map(({ diff }) => diff ?? '').join('')
  execFileSync('git', ['apply', '-'], { cwd: fresh, input: patch })
  for (const { path } of report.files) expect(text(fresh, path), path).toBe(text(root, path))
})

test('remembers the answers for the next run', async () => {
  root = layOut({ files: { ...files, 'yarn.lock': '' } })
  await again({
    answers: { pm: 'yarn', port: 3000, healthPath: '/up', services: ['redis'], domain: 'shop.example.com' },
  })
  const before = snapshot(root)
  const result = await again()
  expect(snapshot(root)).toEqual(before)
  expect(result.report.detected).toMatchObject({
    package_manager: 'yarn',
    port: 3000,
    health_path: '/up',
    services: ['redis'],
  })
})

test('keeps the mode of a file, and makes scripts executable', () => {
  expect(
    execFileSync('find', ['.', '-path', './.git', '-prune', '-o', '-type', 'f', '-perm', '-u=x', '-print'], {
      cwd: root,
      encoding: 'utf8',
    }),
  ).toBe('./deploy/deploy.sh\n')
})

test('warns only about the requested targets', async () => {
  root = layOut({ files: { 'package.json': '{}' } })
  const warnings = async (...targets: NonNullable<ScaffoldOptions['targets']>) =>
    (await again({ targets, dryRun: true })).report.warnings.join()
  expect(await warnings('env')).toBe('')
  expect(await warnings('ci')).toMatch(/lockfile.*linter/)
  expect(await warnings('docker')).toMatch(/lockfile.*No start command/)
})

test('finds the README in any spelling, and leaves one that is not Markdown', async () => {
  root = layOut({ files: { 'package.json': '{}', 'readme.md': '# Shop\n' } })
  await again({ targets: ['badges'] })
  expect(text(root, 'readme.md')).toContain('badge.svg')
  expect(listFiles(root)).not.toContain('README.md')
  root = layOut({ files: { 'package.json': '{}', 'README.rst': 'Shop\n' } })
  const { report } = await again({ targets: ['badges'] })
  expect(listFiles(root)).toEqual(['README.rst', 'package.json'])
  expect(report.warnings.join()).toContain('not Markdown')
})

test('takes the repository from the remote, otherwise from the manifest, otherwise leaves a placeholder', async () => {
  const badge = async (fixture: Parameters<typeof layOut>[0]) => {
    root = layOut(fixture)
    await again({ targets: ['badges'] })
    return /github\.com\/([^/]+\/[^/]+)\/workflows/.exec(text(root, 'README.md'))?.[1]
  }
  const manifest = (repository: unknown) => ({ 'package.json': JSON.stringify({ name: 'shop', repository }) })
  expect(await badge({ files: manifest('github:acme/other') })).toBe('acme/shop')
  expect(await badge({ files: manifest('github:acme/other'), git: null })).toBe('acme/other')
  expect(await badge({ files: manifest('acme/other'), git: null })).toBe('acme/other')
  expect(await badge({ files: manifest({ url: 'git+ssh://git@github.com/acme/other.git' }), git: null })).toBe(
    'acme/other',
  )
  expect(await badge({ files: manifest('https://example.com/acme/other'), git: null })).toBe('your-username/shop')
  const poetry = '[project]\nname = "shop"\n[project.urls]\nSource = "https://github.com/acme/py"\n'
  expect(await badge({ files: { 'pyproject.toml': poetry }, git: null })).toBe('acme/py')
})
