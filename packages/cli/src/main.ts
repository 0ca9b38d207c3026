import { ExitCode } from './terminal/failure.ts'
import { version } from './config/version.ts'
import { Terminal } from './terminal/terminal.ts'
import { watchOutput } from './terminal/watch-output.ts'

// Node exits when nothing is left to wait for. A command that has not finished by then has failed.
process.exitCode = ExitCode.failed
process.exitCode = await run(process.argv.slice(2))

async function run(argv: readonly string[]): Promise<number> {
  const { stdout, stderr, env } = process
  const terminal = new Terminal({ stdout, stderr, env, json: argv.includes('--json') })
  if (argv.length === 1 && (argv[0] === '--version' || argv[0] === '-V')) {
    watchOutput(terminal, () => undefined)
    // Editors and scripts ask often. The definitions of all commands would take longer than the answer.
    stdout.write(`${version()}\n`)
    return ExitCode.done
  }
  const { runProgram } = await import('./program.ts')
  return runProgram(argv, terminal)
}
