import { type Command, Option } from 'commander'
import type { CommandContext } from '../terminal/context.ts'

/** What a command's module exports: it is imported when the command is called, never before. */
export interface CommandModule<F extends object> {
  /** Resolves to the exit code, or to nothing when the command did its work; rejects with why it could not. */
  run(context: CommandContext, flags: F, operands: readonly string[]): Promise<number | void>
}

/** Binds commands to the modules that do their work. */
export class Definer {
  readonly #context: () => CommandContext
  /** Of the command that ran. */
  exitCode = 0

  constructor(context: () => CommandContext) {
    this.#context = context
  }

  /** The command's work is loaded and run when it is called. */
  does<F extends object>(command: Command, load: () => Promise<CommandModule<F>>): void {
    command.action(async (...parameters: unknown[]) => {
      const module = await load()
      this.exitCode = (await module.run(this.#context(), command.optsWithGlobals<F>(), operandsOf(parameters))) ?? 0
    })
  }
}

/** A command of commands, one of which is meant where none is named: `focus users` lists them. */
export function defineGroup(
  program: Command,
  name: string,
  description: string,
  ...examples: readonly string[]
): Command {
  return withExamples(
    program
      .command(name)
      .description(description)
      // Known here too, so that `focus users --json show alice` is not read as a call of the default one.
      .addOption(new Option('--json').hideHelp())
      .hook('preSubcommand', (group, chosen) => {
        const [word] = group.args
        const names = group.commands.map((command) => command.name())
        if (word === undefined || word.startsWith('-') || names.includes(word)) return
        // What no command is called is a value for the default one, where that takes any.
        if (chosen.registeredArguments.length > 0) return
        group.error(`error: unknown command '${word}'\n\`focus ${name}\` has: ${names.join(', ')}.`, {
          code: 'commander.unknownCommand',
        })
      }),
    ...examples,
  )
}

/** Adds `--json`; every command has it. */
export function withJson(command: Command): Command {
  return command.option('--json', 'print JSON on stdout, and nothing else')
}

/** Adds what a command that speaks with a running server takes. */
export function withServer(command: Command): Command {
  return withJson(
    command
      .option('--url <url>', 'the server (default: FOCUS_URL, else the `focus dev` of this folder)')
      .option('--admin-key <key>', 'its admin key (default: FOCUS_ADMIN_KEY, else that of the `focus dev`)'),
  )
}

export function withExamples(command: Command, ...lines: readonly string[]): Command {
  return command.addHelpText('after', `\nExamples:\n${lines.map((line) => `  $ ${line}`).join('\n')}`)
}

/** Commander passes the operands, a variadic one as an array, then the options, then the command. */
function operandsOf(parameters: readonly unknown[]): string[] {
  return parameters
    .slice(0, -2)
    .flat()
    .filter((value) => typeof value === 'string')
}
