import { parseArgs } from 'node:util'
import { printMeasurement } from './report/console.ts'
import { scenarios } from './whole/index.ts'
import type { RunOptions } from './whole/scenario.ts'

const usage = `Usage: npm run bench -- [names] [options]

Measures the whole product through its public interface, against its peers in the same run.
`

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    slices: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '3' },
    quick: { type: 'boolean', default: false },
    databases: { type: 'string', default: 'sqlite,mariadb,postgres' },
    cores: { type: 'string', default: '1,2' },
  },
})
const options: RunOptions = {
  slices: values.quick ? 1 : Number(values.slices),
  seconds: values.quick ? 0.2 : Number(values.seconds),
  scale: values.quick ? 20 : 1,
  isQuick: values.quick,
  databases: values.databases.split(','),
  cores: values.cores.split(',').map(Number) as (1 | 2)[],
}
for (const name of positionals) {
  const scenario = scenarios[name]
  if (!scenario) throw new Error(`${usage} Unknown: ${name}`)
  for (const measurement of await scenario.run(options)) printMeasurement(measurement)
}
