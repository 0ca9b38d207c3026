import { expression } from '../../common/text.ts'
import type { Toolchain } from '../../common/project.ts'
import type { Facts } from '../facts.ts'
import type { NodeProject } from '../found.ts'
import type { PackageManagerWords } from './node-commands.ts'

type Tests = Pick<Toolchain, 'test' | 'coverage'>

const report = 'coverage/lcov.info'
const noTests = /^\s*echo\b.*no test specified/i

/** Detects the test command, and how its coverage becomes an lcov report for Codecov. */
export function nodeTests(project: NodeProject, words: PackageManagerWords, facts: Facts): Tests {
  const coverageScript = ['test:coverage', 'coverage', 'test:cov', 'test:ci'].find((name) => {
    const script = project.scripts.get(name)
    return script !== undefined && /coverage|c8|nyc/.test(script)
  })
  if (coverageScript !== undefined) {
    facts.note('test', coverageScript, `package.json: scripts.${coverageScript}`)
    return { test: { run: words.script(coverageScript) }, coverage: { file: report, convert: null } }
  }
  const script = project.scripts.get('test')
  if (script === undefined || noTests.test(script)) return withoutScript(project, words, facts)
  facts.note('test', script, 'package.json: scripts.test')
  return withScript(project, words, script, facts)
}

function withScript(project: NodeProject, words: PackageManagerWords, script: string, facts: Facts): Tests {
  const last = script.split(/&&|;/).at(-1) ?? script
  if (/\bvitest\b/.test(last) && hasVitestCoverage(project)) {
    return covered(
      words.scriptWith('test', '--run --coverage.enabled --coverage.reporter=text --coverage.reporter=lcov'),
    )
  }
  if (/\bjest\b|\breact-scripts test\b/.test(last)) {
    return covered(words.scriptWith('test', '--ci --coverage --coverageReporters=text --coverageReporters=lcov'))
  }
  if (/\bbun test\b/.test(last)) return covered(words.scriptWith('test', bunCoverage))
  if (/\b(?:c8|nyc)\b/.test(script)) {
    const tool = /\bnyc\b/.test(script) ? 'nyc' : 'c8'
    return {
      test: { run: words.script('test') },
      coverage: { file: report, convert: { run: words.program(`${tool} report --reporter=lcov`) } },
    }
  }
  if (/\bvitest\b/.test(last)) {
    facts.warn(['ci'], 'Vitest has no coverage provider: add @vitest/coverage-v8 for exact figures.')
  }
  return measuredByNode(words.script('test'))
}

function withoutScript(project: NodeProject, words: PackageManagerWords, facts: Facts): Tests {
  if (project.dependencies.has('vitest')) {
    facts.note('test', 'vitest run', 'package.json: vitest')
    return hasVitestCoverage(project)
      ? covered(words.program('vitest run --coverage.enabled --coverage.reporter=text --coverage.reporter=lcov'))
      : measuredByNode(words.program('vitest run'))
  }
  if (project.dependencies.has('jest')) {
    facts.note('test', 'jest', 'package.json: jest')
    return covered(words.program('jest --ci --coverage --coverageReporters=text --coverageReporters=lcov'))
  }
  const member = project.workspaces.find(({ manifest }) => {
    const scripts = manifest['scripts']
    return typeof scripts === 'object' && scripts !== null && 'test' in scripts
  })
  if (member !== undefined && words.everywhere !== null) {
    facts.note('test', 'every package', `${member.path}/package.json: scripts.test`)
    return measuredByNode(words.everywhere('test'))
  }
  if (project.manager === 'bun') {
    facts.note('test', 'bun test', 'bun')
    return covered(`bun test ${bunCoverage}`)
  }
  facts.note('test', 'node --test', 'no test script')
  facts.warn(['ci'], 'There is no test script: CI runs `node --test`; add a `test` script for anything else.')
  return measuredByNode('node --test')
}

const bunCoverage = '--coverage --coverage-reporter=text --coverage-reporter=lcov'

function hasVitestCoverage(project: NodeProject): boolean {
  return project.dependencies.has('@vitest/coverage-v8') || project.dependencies.has('@vitest/coverage-istanbul')
}

function covered(run: string): Tests {
  return { test: { run }, coverage: { file: report, convert: null } }
}

/**
 * Works with every test runner on Node: V8 records coverage, and c8 converts it to lcov. The version is exact because
 * c8 is not in the lockfile.
 */
function measuredByNode(run: string): Tests {
  return {
    test: { run, env: { NODE_V8_COVERAGE: `${expression('github.workspace')}/coverage/tmp` } },
    coverage: { file: report, convert: { run: 'npx --yes c8@10.1.3 report --reporter=text --reporter=lcov' } },
  }
}
