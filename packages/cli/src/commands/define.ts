import { type Command, Option } from 'commander'
import type { CommandContext } from '../terminal/context.ts'

/** The exports of a command's module. The module is loaded when the command runs, not before. */
export interface CommandModule<F extends object> {
  /** Resolves to the exit code, or to nothing for success; rejects with the reason for a failure. */
  run(context: CommandContext, flags: F, operands: readonly string[]): Promise<number | void>
}

/** Binds commands to the modules that implement them. */
export class Definer {
  readonly #context: () => CommandContext
  /** Exit code of the command that ran. */
  exitCode = 0

  constructor(context: () => CommandContext) {
    this.#context = context
  }

  /** Loads and runs the command's module when the command is called. */
  does<F extends object>(command: Command, load: () => Promise<CommandModule<F>>): void {
    command.action(async (...parameters: unknown[]) => {
      const module = await load()
      this.exitCode = (await module.run(this.#context(), command.optsWithGlobals<F>(), operandsOf(parameters))) ?? 0
    })
  }
}

/** Defines a group of commands. The default one runs when none is named: `focus users` lists users. */
export function defineGroup(
  program: Command,
  name: string,
  summary: string,
  description: string,
  ...examples: readonly string[]
): Command {
  return withExamples(
    program
      .command(name)
      .summary(summary)
      .description(description)
      // The group knows the option too, so that `focus users --json show alice` does not call the default command.
      .addOption(new Option('--json').hideHelp())
      .hook('preSubcommand', (group, chosen) => {
        const [word] = group.args
        const names = group.commands.map((command) => command.name())
        if (word === undefined || word.startsWith('-') || names.includes(word)) return
        // A word that names no command is an argument of the default command, if it takes any.
        if (chosen.registeredArguments.length > 0) return
        group.error(`error: unknown command '${word}'\n\`focus ${name}\` has: ${names.join(', ')}.`, {
          code: 'commander.unknownCommand',
        })
      }),
    ...examples,
  )
}

/** Adds `--json`, which every command has. */
export function withJson(command: Command): Command {
  return command.option('--json', 'print JSON on stdout, and nothing else')
}

/** Adds the options of commands that call a running server. */
export function withServer(command: Command): Command {
  return withJson(
    command
      .option('--url <url>', 'the server (default: FOCUS_URL, or the `focus dev` of this folder)')
      .option('--admin-key <key>', 'its admin key (default: FOCUS_ADMIN_KEY, or that of the `focus dev`)'),
  )
}

export function withExamples(command: Command, ...lines: readonly string[]): Command {
  return command.addHelpText('after', `\nExamples:\n${lines.map((line) => `  $ ${line}`).join('\n')}`)
}

/**
 * Extracts the operands: commander passes them first (a variadic one as an array), then the options and the command.
 */
function operandsOf(parameters: readonly unknown[]): string[] {
  return parameters
    .slice(0, -2)
    .flat()
    .filter((value) => typeof value === 'string')
}
