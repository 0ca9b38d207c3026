import { Command, CommanderError } from 'commander'
import { type CommandContext, readEnvironment } from './terminal/context.ts'
import { Definer } from './commands/define.ts'
import { defineDelivering } from './commands/delivering/define-delivering.ts'
import { defineMessaging } from './commands/messaging/define-messaging.ts'
import { defineOperating } from './commands/operating/define-operating.ts'
import { defineServing } from './commands/serving/define-serving.ts'
import { CommandFailure, ExitCode, usageFailure } from './terminal/failure.ts'
import { defineInit } from './commands/init/define-init.ts'
import { SignalWatch } from './terminal/signals.ts'
import type { Terminal } from './terminal/terminal.ts'
import { watchOutput } from './terminal/watch-output.ts'
import { version } from './config/version.ts'

/**
 * Runs the command line and returns its exit code. The module of a command is loaded when the command is called, so
 * that `--help` and short commands start fast.
 */
export async function runProgram(argv: readonly string[], terminal: Terminal): Promise<number> {
  const interruption = new AbortController()
  const signals = new SignalWatch(interruption)
  const { outliveReader } = watchOutput(terminal, (reason) => interruption.abort(reason))
  const context = (): CommandContext => ({
    terminal,
    env: readEnvironment(process.cwd(), process.env),
    cwd: process.cwd(),
    signal: interruption.signal,
    outliveReader,
  })
  try {
    const definer = new Definer(context)
    await defineProgram(definer).parseAsync(argv, { from: 'user' })
    return definer.exitCode
  } catch (error) {
    if (error instanceof CommanderError) return exitOf(error, terminal)
    if (error instanceof CommandFailure && error.code === 'broken_pipe') return error.exitCode
    return terminal.fail(error)
  } finally {
    await signals.settled()
  }
}

function defineProgram(definer: Definer): Command {
  const program = new Command('focus')
    .description('Sign-in and real-time notifications that live inside your own Node server.')
    .version(version(), '-V, --version')
    .exitOverride()
    // exitOf reports wrong use, together with all other failures.
    .configureOutput({ outputError: () => undefined })
    .addHelpText(
      'after',
      `
Examples:
  $ focus dev                                          a server, a sign-in provider and a page
  $ focus notify alice --title Bonjour --message "Ça marche"
  $ focus stats

Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted.
With --json, stdout contains JSON and nothing else.`,
    )
  defineServing(program, definer)
  defineMessaging(program, definer)
  defineOperating(program, definer)
  defineDelivering(program, definer)
  defineInit(program, definer)
  return program
}

/** Help and version are not failures; every other error of commander is wrong use. */
function exitOf(error: CommanderError, terminal: Terminal): number {
  if (error.exitCode === 0) return ExitCode.done
  if (error.code === 'commander.help') return ExitCode.usage
  const [message = '', suggestion] = error.message.replace(/^error: /, '').split('\n', 2)
  return terminal.fail(usageFailure(sentence(message), suggestion ?? 'Add --help to see the usage.'))
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.?!]$/.test(text) ? '' : '.'}`
}
