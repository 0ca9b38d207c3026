import { writeFileSync, writeSync } from 'node:fs'
import type { SerializedError } from 'vitest'
import type { Reporter, TestCase, TestModule } from 'vitest/node'
import { describeFilter, selectedDatabases } from '../packages/test-kit/src/databases/database-filter.ts'

/**
 * Ends a run with one line for people and programs: `N passed, N failed`, and `, N skipped` if some were. A file that
 * cannot be loaded and an error outside any test count as failed.
 *
 * With `FOCUS_TEST_SUMMARY` the counts go to that file as JSON instead, for a caller that prints the line itself.
 */
export default class ClosingLineReporter implements Reporter {
  /** Says which databases `DATABASES` leaves out. */
  onInit(): void {
    const filter = describeFilter(selectedDatabases(process.env['DATABASES']))
    if (filter !== null) process.stdout.write(`\n${filter}\n`)
  }

  /** Prints the measurements of passed tests too. */
  onTestCaseResult(test: TestCase): void {
    for (const { message, type } of test.annotations()) {
      if (type === 'measured') process.stdout.write(`   ${message}\n`)
    }
  }

  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly SerializedError[]): void {
    const counts = { passed: 0, failed: unhandledErrors.length, skipped: 0 }
    for (const module of modules) {
      for (const test of module.children.allTests()) {
        const { state } = test.result()
        counts[state === 'pending' ? 'failed' : state] += 1
      }
      counts.failed += module.errors().length
      for (const suite of module.children.allSuites()) counts.failed += suite.errors().length
    }
    process.once('exit', (code) => {
      // A run can fail before its first test, for example in a setup file.
      if (code !== 0 && counts.failed === 0) counts.failed = 1
      report(counts)
    })
  }
}

function report(counts: { passed: number; failed: number; skipped: number }): void {
  const summaryFile = process.env['FOCUS_TEST_SUMMARY']
  if (summaryFile) {
    writeFileSync(summaryFile, JSON.stringify(counts))
    return
  }
  const skipped = counts.skipped > 0 ? `, ${counts.skipped} skipped` : ''
  writeSync(1, `\n${counts.passed} passed, ${counts.failed} failed${skipped}\n`)
}
