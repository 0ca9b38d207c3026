import { type Answers, checkAnswers, type Target, targets as allTargets } from '@focus-api/scaffold'
import type { CommandFailure } from '../../terminal/failure.ts'
import { badInput } from './init-failure.ts'

/** The options of `focus init` as commander passes them. */
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

/**
 * Returns the checked answers among the options.
 *
 * @throws ScaffoldError for a value that is not accepted; its hint lists the accepted ones
 */
export function answersOf({ flavour, pm, services, branch, repo, port, healthPath, domain }: InitFlags): Answers {
  const unchecked = { flavour, pm, services, branch, repo, port, healthPath, domain }
  return checkAnswers(unchecked, { nameOf: (answer) => (answer === 'healthPath' ? '--health-path' : `--${answer}`) })
}

/** Returns the targets named as operands or by `--only`; all targets when none is named. */
export function targetsOf(operands: readonly string[], only: string | undefined): Target[] {
  const words = [...operands, ...(only === undefined ? [] : only.split(','))].map((word) => word.trim()).filter(Boolean)
  if (only !== undefined && words.length === 0) throw unknownTarget('--only', only)
  const requested = words.map(targetOf)
  return allTargets.filter((target) => requested.length === 0 || requested.includes(target))
}

function targetOf(word: string): Target {
  const target = allTargets.find((one) => one === word.toLowerCase())
  if (target === undefined) throw unknownTarget('target', word)
  return target
}

function unknownTarget(where: string, word: string): CommandFailure {
  return badInput('invalid_option', `${where}: ${JSON.stringify(word)} is not known.`, `Use ${allTargets.join(', ')}.`)
}
