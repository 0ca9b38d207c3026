import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { buildPackages } from './build.mjs'
import { install } from './install.mjs'
import { findNode } from './node.mjs'
import { root } from './root.mjs'

/** What is checked before the tests: a name, and the script with its arguments. */
const checks = [
  ['format', '@biomejs/biome/bin/biome', ['format', '.']],
  ['lint', 'oxlint/bin/oxlint', ['--type-aware', '--deny-warnings']],
  ['types', '@typescript/native/bin/tsc', ['--noEmit']],
  ['unused code', 'knip/bin/knip.js', []],
]

/**
 * Installs, builds, checks and tests everything, then says `N passed, N failed` as the last line. A failed check counts as
 * one failure. Arguments go to Vitest, which then runs alone: `npm test -- packages/core/src/auth`.
 */
export default async function test(args) {
  await install()
  const node = findNode()
  let failures = 0
  if (args.length === 0) {
    failures += await build(node)
    for (const [name, script, scriptArgs] of checks) failures += await check(node, name, script, scriptArgs)
  }
  const counts = await runTests(node, args)
  const failed = counts.failed + failures
  const skipped = counts.skipped > 0 ? `, ${counts.skipped} skipped` : ''
  process.stdout.write(`\n${counts.passed} passed, ${failed} failed${skipped}\n`)
  return failed === 0 ? 0 : 1
}

async function build(node) {
  const began = Date.now()
  try {
    await buildPackages({ node, types: true })
    return report('build', began, null)
  } catch (error) {
    return report('build', began, error.message)
  }
}

async function check(node, name, script, args) {
  const began = Date.now()
  const { code, output } = await run(node, [join(root, 'node_modules', script), ...args], { stdio: 'pipe' })
  return report(name, began, code === 0 ? null : output)
}

/** Says how a step went; returns the number of failures it counts as. */
function report(name, began, problem) {
  const seconds = ((Date.now() - began) / 1000).toFixed(1)
  process.stdout.write(problem === null ? `${name}: ok (${seconds} s)\n` : `${problem.trimEnd()}\n${name}: FAILED\n`)
  return problem === null ? 0 : 1
}

async function runTests(node, args) {
  const folder = mkdtempSync(join(tmpdir(), 'focus-test-'))
  const summary = join(folder, 'summary.json')
  try {
    const env = { FOCUS_TEST_SUMMARY: summary }
    const { code } = await run(node, [join(root, 'node_modules/vitest/vitest.mjs'), 'run', ...args], { env })
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

function run(command, args, { stdio = 'inherit', env = {} }) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: root,
      env: { ...process.env, ...env },
      stdio: ['ignore', stdio, stdio],
    })
    let output = ''
    child.stdout?.on('data', (bytes) => (output += bytes))
    child.stderr?.on('data', (bytes) => (output += bytes))
    child.once('error', reject)
    child.once('close', (code) => resolve({ code: code ?? 1, output }))
  })
}
