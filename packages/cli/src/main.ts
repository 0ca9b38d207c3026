import { ExitCode } from './terminal/failure.ts'
import { runProgram } from './program.ts'

// Where nothing is left to wait for, Node ends at once: a command that has no end by then has not done its work.
process.exitCode = ExitCode.failed
process.exitCode = await runProgram(process.argv.slice(2))
