import { ExitCode } from './terminal/failure.ts'
import { runProgram } from './program.ts'

// Node exits when nothing is left to wait for. A command that has not finished by then has failed.
process.exitCode = ExitCode.failed
process.exitCode = await runProgram(process.argv.slice(2))
