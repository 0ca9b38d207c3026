import { expression } from '../../common/text.ts'
import type { Toolchain } from '../../common/project.ts'
import type { Facts } from '../facts.ts'
import type { NodeProject } from '../found.ts'
import type { PackageManagerCommands } from './node-commands.ts'

type Tests = Pick<Toolchain, 'test' | 'coverage'>

const report = 'coverage/lcov.info'
const noTests = /^\s*echo\b.*no test specified/i

/** Detects the test command, and how its coverage becomes an lcov report for Codecov. */
export function nodeTests(project: NodeProject, packageManager: PackageManagerCommands, facts: Facts): Tests {
  const coverageScript = ['test:coverage', 'coverage', 'test:cov', 'test:ci'].find((name) => {
    const script = project.scripts.get(name)
    return script !== undefined && /coverage|c8|nyc/.test(script)
  })
  if (coverageScript !== undefined) {
    facts.note('test', coverageScript, `package.json: scripts.${coverageScript}`)
    return { test: { run: packageManager.script(coverageScript) }, coverage: { file: report, convert: null } }
  }
  const script = project.scripts.get('test')
  if (script === undefined || noTests.test(script)) return withoutScript(project, packageManager, facts)
  facts.note('test', script, 'package.json: scripts.test')
  return withScript(project, packageManager, script, facts)
}

function withScript(project: NodeProject, packageManager: PackageManagerCommands, script: string, facts: Facts): Tests {
  const last = script.split(/&&|;/).at(-1) ?? script
  if (/\bvitest\b/.test(last) && hasVitestCoverage(project)) {
    return covered(
      packageManager.scriptWith('test', '--run --coverage.enabled --coverage.reporter=text --coverage.reporter=lcov'),
    )
  }
  if (/\bjest\b|\breact-scripts test\b/.test(last)) {
    return covered(
      packageManager.scriptWith('test', '--ci --coverage --coverageReporters=text --coverageReporters=lcov'),
    )
  }
  if (/\bbun test\b/.test(last)) return covered(packageManager.scriptWith('test', bunCoverage))
  if (/\b(?:c8|nyc)\b/.test(script)) {
    const tool = /\bnyc\b/.test(script) ? 'nyc' : 'c8'
    return {
      test: { run: packageManager.script('test') },
      coverage: { file: report, convert: { run: packageManager.program(`${tool} report --reporter=lcov`) } },
    }
  }
  if (/\bvitest\b/.test(last)) {
    facts.warn(['ci'], 'Vitest has no coverage provider: add @vitest/coverage-v8 for exact figures.')
  }
  return measuredByNode(packageManager.script('test'))
}

function withoutScript(project: NodeProject, packageManager: PackageManagerCommands, facts: Facts): Tests {
  if (project.dependencies.has('vitest')) {
    facts.note('test', 'vitest run', 'package.json: vitest')
    return hasVitestCoverage(project)
      ? covered(
          packageManager.program('vitest run --coverage.enabled --coverage.reporter=text --coverage.reporter=lcov'),
        )
      : measuredByNode(packageManager.program('vitest run'))
  }
  if (project.dependencies.has('jest')) {
    facts.note('test', 'jest', 'package.json: jest')
    return covered(packageManager.program('jest --ci --coverage --coverageReporters=text --coverageReporters=lcov'))
  }
  const member = project.workspaces.find(({ manifest }) => {
    const scripts = manifest['scripts']
    return typeof scripts === 'object' && scripts !== null && 'test' in scripts
  })
  if (member !== undefined && packageManager.everywhere !== null) {
    facts.note('test', 'every package', `${member.path}/package.json: scripts.test`)
    return measuredByNode(packageManager.everywhere('test'))
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
