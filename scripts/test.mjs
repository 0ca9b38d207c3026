import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { buildPackages } from './build.mjs'
import { findNode, install, root, run } from './workspace.mjs'

/** Checks before the tests: name, and script with arguments. */
const checks = [
  ['format', '@biomejs/biome/bin/biome', ['format', '.']],
  ['lint', 'oxlint/bin/oxlint', ['--type-aware', '--deny-warnings']],
  ['types', '@typescript/native/bin/tsc', ['--noEmit']],
  ['unused code', 'knip/bin/knip.js', []],
]

/**
 * Installs, builds, checks and tests everything, and prints `N passed, N failed` as the last line. A failed check counts as
 * one failure. Arguments go to Vitest, which then runs alone: `npm test -- packages/core/src/auth`.
 */
export async function test(args) {
  await install()
  const node = findNode()
  let failures = 0
  if (args.length === 0) {
    failures += await step('build', () => buildPackages({ node, types: true }))
    for (const [name, script, scriptArgs] of checks) failures += await step(name, () => check(node, script, scriptArgs))
  }
  const counts = await runTests(node, args)
  const failed = counts.failed + failures
  const skipped = counts.skipped > 0 ? `, ${counts.skipped} skipped` : ''
  process.stdout.write(`\n${counts.passed} passed, ${failed} failed${skipped}\n`)
  return failed === 0 ? 0 : 1
}

/** Runs a step and reports it. Returns the number of failures that it counts as. */
async function step(name, work) {
  const startedAt = Date.now()
  try {
    await work()
    process.stdout.write(`${name}: ok (${((Date.now() - startedAt) / 1000).toFixed(1)} s)\n`)
    return 0
  } catch (error) {
    process.stdout.write(`${error.message.trimEnd()}\n${name}: FAILED\n`)
    return 1
  }
}

async function check(node, script, args) {
  const { code, output } = await run(node, [join(root, 'node_modules', script), ...args])
  if (code !== 0) throw new Error(output)
}

async function runTests(node, args) {
  const folder = mkdtempSync(join(tmpdir(), 'focus-test-'))
  const summary = join(folder, 'summary.json')
  try {
    const { code } = await run(node, [join(root, 'node_modules/vitest/vitest.mjs'), 'run', ...args], {
      env: { FOCUS_TEST_SUMMARY: summary },
      stdio: 'inherit',
    })
    const counts = readCounts(summary)
    return code === 0 || counts.failed > 0 ? counts : { ...counts, failed: 1 }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function readCounts(summary) {
  try {
    return JSON.parse(readFileSync(summary, 'utf8'))
  } catch {
    return { passed: 0, failed: 1, skipped: 0 }
  }
}
