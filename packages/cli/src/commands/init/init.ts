import { createInterface } from 'node:readline/promises'
import { resolve } from 'node:path'
import {
  type FileState,
  scaffold,
  type ScaffoldOptions,
  type ScaffoldReport,
  type ScaffoldResult,
} from '@focus-api/scaffold'
import type { CommandContext } from '../../terminal/context.ts'
import { Interruption } from '../../terminal/failure.ts'
import { plainText } from '../../terminal/plain-text.ts'
import type { Terminal } from '../../terminal/terminal.ts'
import { answersOf, type InitFlags, targetsOf } from './flags.ts'
import { badInput, initExitCodes, withInitExitCodes } from './init-failure.ts'

/** `focus init` */
export async function run(context: CommandContext, flags: InitFlags, operands: readonly string[]): Promise<number> {
  const { terminal } = context
  if (flags.check === true && (flags.force === true || flags.restore === true)) {
    throw badInput(
      'invalid_option',
      '--check writes nothing and cannot be combined with --force or --restore.',
      'Leave one of them out.',
    )
  }
  const result = await withInitExitCodes(() =>
    scaffold(resolve(context.cwd, flags.cwd ?? '.'), optionsOf(context, flags, operands)),
  )
  if (terminal.json) terminal.result(result.report, () => '')
  else if (!canAsk(context, flags)) describe(terminal, result.report, flags)
  if (!terminal.json) conclude(terminal, result, flags)
  return initExitCodes[result.outcome]
}

function optionsOf(context: CommandContext, flags: InitFlags, operands: readonly string[]): ScaffoldOptions {
  const { dryRun = false, check = false, diff = false, force = false, restore = false } = flags
  return {
    targets: targetsOf(operands, flags.only),
    answers: answersOf(flags),
    dryRun,
    check,
    diff,
    force,
    restore,
    ...(canAsk(context, flags) ? { confirm: (report) => ask(context, report, flags) } : {}),
  }
}

/** A question needs a terminal and something to write. `--yes` and CI answer it in advance. */
function canAsk({ terminal, env }: CommandContext, flags: InitFlags): boolean {
  const attended = terminal.interactive && process.stdin.isTTY && (env.CI ?? '') === ''
  return attended && flags.yes !== true && flags.dryRun !== true && flags.check !== true
}

async function ask({ terminal, signal }: CommandContext, report: ScaffoldReport, flags: InitFlags): Promise<boolean> {
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

/** Prints the evidence and the state of each file on stderr, and the patch, which is the result, on stdout. */
function describe(terminal: Terminal, report: ScaffoldReport, flags: InitFlags): void {
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

function conclude(terminal: Terminal, { report, outcome, written }: ScaffoldResult, flags: InitFlags): void {
  const required = report.secrets.filter((secret) => secret.required).length
  if (outcome === 'drift') terminal.note('Not up to date: run `focus init`.')
  else if (written) {
    terminal.note(
      required === 0
        ? 'Written.'
        : `Written. Commit the files, .focus/ci.json among them; \`focus init secrets\` lists the ${required} secrets that GitHub needs.`,
    )
  } else if (flags.dryRun === true) terminal.note('Nothing was written (--dry-run).')
  else if (report.files.some(({ state }) => state === 'create' || state === 'update' || state === 'merge')) {
    terminal.note('Nothing was written.')
  } else terminal.note('Everything is up to date.')
}
