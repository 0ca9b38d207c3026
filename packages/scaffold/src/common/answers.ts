import { isBranchName } from './git.ts'
import { ScaffoldError } from './scaffold-error.ts'
import { type Answers, flavours, nodePackageManagers, pythonPackageManagers, serviceChoices } from './project.ts'

/** Answers from a flag or a file, before validation. */
export type UncheckedAnswers = { readonly [Name in keyof Answers]?: unknown }

/** How error messages refer to the source of the answers. */
export interface AnswerNames {
  /** Returns the name of an answer in its source, such as `--port`. */
  readonly nameOf: (answer: keyof Answers) => string
  /** Error code for every answer of this source; without it, each answer has its own code. */
  readonly code?: string
}

/**
 * Validates answers from any source, because they become part of scripts, workflows and the nginx configuration.
 *
 * @throws ScaffoldError `invalid_option`, `invalid_branch`, `invalid_repo`, `invalid_health_path`, or `code`
 */
export function checkAnswers(unchecked: UncheckedAnswers, { nameOf, code }: AnswerNames): Answers {
  const checked: { -readonly [Name in keyof Answers]: Answers[Name] } = {}
  const check = <Name extends keyof Answers>(name: Name, rule: Rule<Required<Answers>[Name]>) => {
    const value = unchecked[name]
    if (value === undefined) return
    const answer = rule.read(value)
    if (answer === undefined) {
      throw new ScaffoldError(code ?? rule.code, `${nameOf(name)}: ${JSON.stringify(value)} ${rule.fault}.`, {
        hint: rule.hint,
      })
    }
    checked[name] = answer
  }
  check('flavour', oneOf(flavours))
  check('pm', oneOf([...nodePackageManagers, ...pythonPackageManagers]))
  check('services', someOf(serviceChoices))
  check('branch', branch)
  check('repo', repo)
  check('port', port)
  check('healthPath', healthPath)
  check('domain', domain)
  return checked
}

interface Rule<T> {
  /** Returns the normalized answer, or undefined when the value is not valid. */
  readonly read: (value: unknown) => T | undefined
  readonly code: string
  readonly fault: string
  readonly hint: string
}

const branch: Rule<string> = {
  read: (value) => (typeof value === 'string' && isBranchName(value) ? value : undefined),
  code: 'invalid_branch',
  fault: 'is not a usable branch name',
  hint: 'Use letters, digits, `.`, `_`, `-` and `/`.',
}

const repo: Rule<string> = {
  read: (value) => matching(/^[\w.-]+\/[\w.-]+$/, value),
  code: 'invalid_repo',
  fault: 'is not owner/name',
  hint: 'Write the GitHub repository as owner/name, for example acme/shop.',
}

const healthPath: Rule<string> = {
  read: (value) => matching(/^\/[\w./~-]*$/, value),
  code: 'invalid_health_path',
  fault: 'is not a plain URL path',
  hint: 'Write it like /health: letters, digits and `/ . _ ~ -`, without a query.',
}

const port: Rule<number> = {
  read: (value) => {
    const text = typeof value === 'number' ? String(value) : value
    const number = Number(matching(/^\d{1,5}$/, text) ?? 0)
    return number >= 1 && number <= 65_535 ? number : undefined
  },
  code: 'invalid_option',
  fault: 'is not a port',
  hint: 'Use a number from 1 to 65535.',
}

const domain: Rule<string> = {
  read: (value) => {
    const name = matching(/^(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z][a-z0-9-]*$/i, value)
    return name === undefined || name.length > 253 ? undefined : name.toLowerCase()
  },
  code: 'invalid_option',
  fault: 'is not a host name',
  hint: 'Write it like app.example.com.',
}

function oneOf<T extends string>(known: readonly T[]): Rule<T> {
  return {
    read: (value) => known.find((word) => typeof value === 'string' && word === value.toLowerCase()),
    code: 'invalid_option',
    fault: 'is not known',
    hint: `Use ${known.join(', ')}.`,
  }
}

/** Accepts a non-empty list, or a comma-separated text. */
function someOf<T extends string>(known: readonly T[]): Rule<T[]> {
  const one = oneOf(known)
  return {
    ...one,
    read: (value) => {
      const words: unknown = typeof value === 'string' ? wordsOf(value) : value
      // An empty list means "none of them"; an empty text is not an answer.
      if (!Array.isArray(words) || (value !== words && words.length === 0)) return undefined
      const found = words.map(one.read).filter((word) => word !== undefined)
      return found.length === words.length ? found : undefined
    },
  }
}

function wordsOf(text: string): string[] {
  return text
    .split(',')
    .map((word) => word.trim())
    .filter(Boolean)
}

function matching(pattern: RegExp, value: unknown): string | undefined {
  return typeof value === 'string' && pattern.test(value) ? value : undefined
}
