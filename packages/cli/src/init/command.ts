import { createInterface } from 'node:readline/promises'
import { resolve } from 'node:path'
import type { CommandContext } from '../context.ts'
import { Interruption } from '../failure.ts'
import { plainText } from '../plain-text.ts'
import type { Terminal } from '../terminal.ts'
import type { FileState } from './files/state.ts'
import { answersOf, type InitFlags, targetsOf } from './flags.ts'
import { type InitResult, runInit } from './init.ts'
import { InitProblem } from './problem.ts'
import type { InitReport } from './report.ts'

/** `focus init` */
export async function run(context: CommandContext, flags: InitFlags, operands: readonly string[]): Promise<number> {
  const { terminal } = context
  if (flags.check === true && (flags.force === true || flags.restore === true)) {
    throw new InitProblem('invalid_option', '--check writes nothing, so --force and --restore mean nothing with it.', {
      hint: 'Leave one of them out.',
    })
  }
  const result = await runInit({
    cwd: resolve(context.cwd, flags.cwd ?? '.'),
    targets: targetsOf(operands, flags.only),
    answers: answersOf(flags),
    dryRun: flags.dryRun === true,
    check: flags.check === true,
    diff: flags.diff === true,
    force: flags.force === true,
    restore: flags.restore === true,
    ...(mayAsk(context, flags) ? { confirm: (report) => ask(context, report, flags) } : {}),
  })
  if (terminal.json) terminal.result(result.report, () => '')
  else if (!mayAsk(context, flags)) describe(terminal, result.report, flags)
  if (!terminal.json) conclude(terminal, result, flags)
  return result.exitCode
}

/** Nobody is asked who cannot answer, in CI, or who said yes already; nor when nothing will be written. */
function mayAsk({ terminal, env }: CommandContext, flags: InitFlags): boolean {
  const person = terminal.interactive && process.stdin.isTTY && (env.CI ?? '') === ''
  return person && flags.yes !== true && flags.dryRun !== true && flags.check !== true
}

async function ask({ terminal, signal }: CommandContext, report: InitReport, flags: InitFlags): Promise<boolean> {
  describe(terminal, report, flags)
  const questions = createInterface({ input: process.stdin, output: process.stderr })
  try {
    const answer = await questions.question('Write this? [Y/n] ', { signal })
    return /^(?:y(?:es)?)?$/i.test(answer.trim())
  } catch (error) {
    signal.throwIfAborted()
    throw error instanceof Error && error.name === 'AbortError' ? new Interruption('SIGINT') : error
  } finally {
    questions.close()
  }
}

const styles: Readonly<Record<FileState, 'green' | 'gray' | 'cyan' | 'red' | 'yellow'>> = {
  create: 'green',
  unchanged: 'gray',
  update: 'cyan',
  merge: 'cyan',
  conflict: 'red',
  foreign: 'yellow',
  'deleted-by-user': 'gray',
  orphan: 'yellow',
}

/** The report for people: what was found and why, what happens to each file. The patch is a result, the rest is not. */
function describe(terminal: Terminal, report: InitReport, flags: InitFlags): void {
  terminal.note(`Found in ${plainText(report.detected.name)}:`)
  for (const { fact, value, from } of report.detected.evidence) {
    terminal.note(
      `  ${fact.replaceAll('_', ' ').padEnd(16)} ${plainText(value)}  ${terminal.styleError('gray', `(${plainText(from)})`)}`,
    )
  }
  terminal.note('Files:')
  for (const file of report.files) {
    terminal.note(`  ${terminal.styleError(styles[file.state], file.state.padEnd(15))} ${plainText(file.path)}`)
  }
  for (const warning of report.warnings) terminal.warn(warning)
  if (flags.diff !== true) return
  const patch = report.files.map((file) => file.diff ?? '').join('')
  if (patch !== '') terminal.result(undefined, () => patch.trimEnd())
}

function conclude(terminal: Terminal, result: InitResult, flags: InitFlags): void {
  const required = result.report.secrets.filter((secret) => secret.required).length
  if (result.exitCode === 3) terminal.note('Not up to date: run `focus init`.')
  else if (result.written) {
    terminal.note(
      required === 0
        ? 'Written.'
        : `Written. Commit the files, .focus/ci.json among them; \`focus init secrets\` lists the ${required} secrets that GitHub needs.`,
    )
  } else if (flags.dryRun === true) terminal.note('Nothing was written (--dry-run).')
  else if (result.report.files.some(({ state }) => state === 'create' || state === 'update' || state === 'merge')) {
    terminal.note('Nothing was written.')
  } else terminal.note('Everything is up to date.')
}
