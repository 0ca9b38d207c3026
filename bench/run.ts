import { fileURLToPath } from 'node:url'
import { parseCommand, UsageError, usage } from './command-line.ts'
import { printMeasurement } from './report/console.ts'
import type { Measurement } from './report/figures.ts'
import { saveMeasurements } from './report/save.ts'
import { scenarios } from './whole/index.ts'

/** Measures the whole product; `npm run bench -- --help` lists the benchmarks and options. Exits with 2 on a wrong command line. */
try {
  const command = parseCommand(process.argv.slice(2), scenarios, fileURLToPath(new URL('../docs', import.meta.url)))
  if (command.isHelp) process.stdout.write(usage(scenarios))
  else await run(command)
} catch (error) {
  if (!(error instanceof UsageError)) throw error
  process.stderr.write(`${error.message}\nnpm run bench -- --help lists benchmarks and options.\n`)
  process.exitCode = 2
}

async function run(command: ReturnType<typeof parseCommand>): Promise<void> {
  const measurements: Measurement[] = []
  for (const name of command.names) {
    console.log(`\n${name} …`)
    try {
      for (const measurement of (await scenarios[name]?.run(command)) ?? []) {
        printMeasurement(measurement)
        measurements.push(measurement)
      }
    } catch (error) {
      // The others may still run, for example without the server of a database.
      process.stderr.write(
        `\n${name} failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
      )
      process.exitCode = 1
    }
  }
  if (command.folder !== null) {
    saveMeasurements(command.folder, measurements, Object.keys(scenarios))
    console.log(`\nWritten: ${command.folder}/benchmarks.md`)
  }
  const targets = measurements.flatMap(({ targets }) => targets)
  console.log(`\n${targets.filter(({ isMet }) => isMet).length} of ${targets.length} targets met`)
}
