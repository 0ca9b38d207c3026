import { checkAnswers } from './answers.ts'
import { InitProblem } from './problem.ts'
import { type Answers, type Target, targets as allTargets } from './types.ts'

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
export function answersOf({ flavour, pm, services, branch, repo, port, healthPath, domain }: InitFlags): Answers {
  const said = { flavour, pm, services, branch, repo, port, healthPath, domain }
  return checkAnswers(said, { nameOf: (answer) => (answer === 'healthPath' ? '--health-path' : `--${answer}`) })
}

/** The targets asked for by word or by `--only`; all of them when none is. */
export function targetsOf(operands: readonly string[], only: string | undefined): Target[] {
  const words = [...operands, ...(only === undefined ? [] : only.split(','))].map((word) => word.trim()).filter(Boolean)
  if (only !== undefined && words.length === 0) throw unknownTarget('--only', only)
  const asked = words.map(targetOf)
  return allTargets.filter((target) => asked.length === 0 || asked.includes(target))
}

function targetOf(word: string): Target {
  const target = allTargets.find((one) => one === word.toLowerCase())
  if (target === undefined) throw unknownTarget('target', word)
  return target
}

function unknownTarget(where: string, word: string): InitProblem {
  return new InitProblem('invalid_option', `${where}: ${JSON.stringify(word)} is not known.`, {
    hint: `Use ${allTargets.join(', ')}.`,
  })
}
