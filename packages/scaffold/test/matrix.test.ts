import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { removeFolder } from '@focus-api/test-kit/processes/temporary-folder'
import { actionPins } from '../src/common/actions.ts'
import { scaffold, type ScaffoldResult } from '../src/scaffold.ts'
import { lintRepository } from '../src/policy/lint.ts'
import { layOut, listFiles, snapshot, text } from '@focus-api/test-kit/processes/repository-folder'
import { repositories } from './support/repositories.ts'
import {
  dockerfileFindings,
  shellcheckFindings,
  type WorkflowFindings,
  workflowFindings,
} from './support/validators.ts'

interface Served {
  readonly root: string
  readonly result: ScaffoldResult
  readonly milliseconds: number
}

const fixtures = repositories()
const served = new Map<string, Served>()
/** The distinct generated workflows, with the repositories that they came from. */
const workflows = new Map<string, string>()
const scripts = new Set<string>()
const control = '.github/workflows/control.yml'
/** Findings of the validators for the generated workflows, and for a deliberately broken one. */
let findings: WorkflowFindings
let controls: WorkflowFindings

beforeAll(async () => {
  const texts = new Set<string>()
  for (const fixture of fixtures) {
    const root = layOut(fixture)
    const start = process.cpuUsage()
    const result = await scaffold(root, fixture.options)
    served.set(fixture.name, { root, result, milliseconds: spent(start) })
    for (const { path } of generated(result)) {
      const source = text(root, path)
      if (path.endsWith('.sh')) scripts.add(source)
      if (!path.startsWith('.github/workflows/') || texts.has(source)) continue
      texts.add(source)
      workflows.set(`.github/workflows/${texts.size}.yml`, source)
    }
  }
  const [, first = ''] = [...workflows][0] ?? []
  const broken = first.replace('persist-credentials', 'persistent-credentials').replace('runs-on', 'runs-at')
  const all = workflowFindings(new Map([...workflows, [control, broken]]))
  findings = pick(all, (line) => !line.startsWith(control))
  controls = pick(all, (line) => line.startsWith(control))
}, 300_000)

/** CPU time of this process, because other work on the machine must not count. */
function spent(start: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(start)
  return (user + system) / 1000
}

function pick({ languageService, actionlint }: WorkflowFindings, wanted: (line: string) => boolean): WorkflowFindings {
  return { languageService: languageService.filter(wanted), actionlint: actionlint.filter(wanted) }
}

afterAll(() => {
  for (const { root } of served.values()) removeFolder(root)
})

function generated({ report }: ScaffoldResult) {
  return report.files.filter(({ state }) => state === 'create' || state === 'update')
}

function of(name: string): Served {
  const found = served.get(name)
  if (found === undefined) throw new Error(`${name} was not laid out`)
  return found
}

describe.each(fixtures)('in $name', ({ name, options }) => {
  test('writes files that follow W01 to W26', async () => {
    const { root, result } = of(name)
    const written = new Set(generated(result).map(({ path }) => path))
    const findings = (await lintRepository(root)).filter(({ path }) => written.has(path))
    // W23 asks for dependabot.yml when it is not a target.
    const expected = written.has('.github/dependabot.yml') ? [] : ['W23']
    expect(
      findings
        .map(({ rule, path, message }) => `${rule} ${path} ${message}`)
        .filter((line) => !expected.some((rule) => line.startsWith(rule))),
    ).toEqual([])
  })

  test('writes nothing the second time', async () => {
    const { root } = of(name)
    const before = snapshot(root)
    const again = await scaffold(root, options)
    expect(snapshot(root)).toEqual(before)
    expect([again.outcome, again.written]).toEqual(['done', false])
  })

  test('writes a Dockerfile for production', () => {
    const { root, result } = of(name)
    if (!generated(result).some(({ path }) => path === 'Dockerfile')) return
    expect(dockerfileFindings(text(root, 'Dockerfile'))).toEqual([])
  })

  test('writes YAML', () => {
    const { root, result } = of(name)
    const paths = generated(result).map(({ path }) => path)
    for (const path of paths.filter((path) => /\.ya?ml$/.test(path)))
      expect(parse(text(root, path))).toBeTypeOf('object')
  })

  test('leaves no temporary file', () => {
    expect(listFiles(of(name).root).filter((path) => /\.focus-(?!new|old)/.test(path))).toEqual([])
  })
})

test('covers at least forty repositories', () => {
  expect(fixtures.length).toBeGreaterThanOrEqual(40)
  expect(new Set(fixtures.map(({ name }) => name)).size).toBe(fixtures.length)
})

test('writes workflows that the language service of GitHub Actions accepts', () => {
  expect(findings.languageService).toEqual([])
})

test('writes workflows that actionlint accepts', () => {
  expect(findings.actionlint).toEqual([])
})

test('is checked by validators that find a broken workflow', () => {
  expect(controls.languageService.join()).toContain('persistent-credentials')
  expect(controls.actionlint.join()).toContain('runs-at')
})

test('writes scripts that shellcheck accepts', () => {
  expect(scripts.size).toBeGreaterThan(3)
  expect(shellcheckFindings([...scripts])).toBe('')
})

test('takes every action from the table of reviewed commits', () => {
  for (const [path, source] of workflows) {
    for (const [, repository, commit, version] of source.matchAll(/uses: ([\w.-]+\/[\w.-]+)[\w./-]*@(\S+) # (\S+)/g)) {
      expect(actionPins.get(repository ?? ''), `${path}: ${repository}`).toEqual({ version, commit })
    }
    expect(source.match(/uses: /g)?.length).toBe(source.match(/uses: \S+@[0-9a-f]{40} # v/g)?.length)
  }
})

test('detects and generates within 500 ms', () => {
  const slowest = Math.max(...[...served.values()].map(({ milliseconds }) => milliseconds))
  expect(slowest).toBeLessThan(500)
})
