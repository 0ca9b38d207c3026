import { InitProblem } from './problem.ts'
import {
  type Answers,
  nodePackageManagers,
  pythonPackageManagers,
  serviceChoices,
  type Target,
  targets as allTargets,
} from './types.ts'

/** The options of `focus init` as commander hands them over. */
export interface InitFlags {
  readonly json?: boolean
  readonly only?: string
  readonly flavour?: string
  readonly pm?: string
  readonly services?: string
  readonly branch?: string
  readonly repo?: string
  readonly port?: string
  readonly healthPath?: string
  readonly domain?: string
  readonly cwd?: string
  readonly dryRun?: boolean
  readonly check?: boolean
  readonly diff?: boolean
  readonly yes?: boolean
  readonly force?: boolean
  readonly restore?: boolean
}

/** What the user decided. A word that means nothing is refused with the words that do. */
export function answersOf(flags: InitFlags): Answers {
  const { flavour, pm, services, branch, repo, port, healthPath, domain } = flags
  return {
    ...(flavour === undefined ? {} : { flavour: oneOf('--flavour', ['node', 'python'], flavour) }),
    ...(pm === undefined ? {} : { pm: oneOf('--pm', [...nodePackageManagers, ...pythonPackageManagers], pm) }),
    ...(services === undefined ? {} : { services: listOf('--services', serviceChoices, services) }),
    ...(branch === undefined ? {} : { branch }),
    ...(repo === undefined ? {} : { repo }),
    ...(port === undefined ? {} : { port: portOf(port) }),
    ...(healthPath === undefined ? {} : { healthPath }),
    ...(domain === undefined ? {} : { domain: domainOf(domain) }),
  }
}

/** The targets asked for by word or by `--only`; all of them when none is. */
export function targetsOf(operands: readonly string[], only: string | undefined): Target[] {
  const words = [...operands, ...(only === undefined ? [] : only.split(','))].map((word) => word.trim()).filter(Boolean)
  if (only !== undefined && words.length === 0) throw bad('--only', allTargets, only)
  const asked = words.map((word) => oneOf('target', allTargets, word))
  return allTargets.filter((target) => asked.length === 0 || asked.includes(target))
}

function listOf<T extends string>(flag: string, known: readonly T[], value: string): T[] {
  const words = value
    .split(',')
    .map((word) => word.trim())
    .filter(Boolean)
  if (words.length === 0) throw bad(flag, known, value)
  return words.map((word) => oneOf(flag, known, word))
}

function oneOf<T extends string>(flag: string, known: readonly T[], value: string): T {
  const found = known.find((word) => word === value.toLowerCase())
  if (found === undefined) throw bad(flag, known, value)
  return found
}

function bad(flag: string, known: readonly string[], value: string): InitProblem {
  return new InitProblem('invalid_option', `${flag}: ${JSON.stringify(value)} is not known.`, {
    hint: `Use ${known.join(', ')}.`,
  })
}

function portOf(value: string): number {
  const port = /^\d+$/.test(value) ? Number(value) : 0
  if (port < 1 || port > 65_535) {
    throw new InitProblem('invalid_option', `--port: ${JSON.stringify(value)} is not a port.`, {
      hint: 'Use a number from 1 to 65535.',
    })
  }
  return port
}

function domainOf(value: string): string {
  if (value.length > 253 || !/^(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z][a-z0-9-]*$/i.test(value)) {
    throw new InitProblem('invalid_option', `--domain: ${JSON.stringify(value)} is not a host name.`, {
      hint: 'Write it like app.example.com.',
    })
  }
  return value.toLowerCase()
}
