import { ScaffoldError } from '../common/scaffold-error.ts'
import type { Repository } from '../common/repository.ts'
import type { Answers, PackageManager } from '../common/project.ts'
import type { Facts } from './facts.ts'

/** Evidence for a package manager, strongest kind first. */
export interface Hint<P extends PackageManager> {
  readonly manager: P
  readonly from: string
  /** Whether the hint is decisive: a lockfile is, a mention is not. Only one manager may have decisive hints. */
  readonly binding: boolean
}

/**
 * Chooses the package manager from the hints.
 *
 * @throws ScaffoldError `contradictory_lockfiles` when two managers have a binding hint, `invalid_package_manager` when the
 *   requested one belongs to the other language
 */
export function choosePackageManager<P extends PackageManager>(
  candidates: readonly P[],
  hints: readonly Hint<P>[],
  fallback: { readonly manager: P; readonly warning: string },
  answers: Answers,
  facts: Facts,
): P {
  if (answers.pm !== undefined) {
    const requested = candidates.find((candidate) => candidate === answers.pm)
    if (requested === undefined) {
      throw new ScaffoldError('invalid_package_manager', `${answers.pm} is not a package manager of this flavour.`, {
        hint: `Use one of: ${candidates.join(', ')}.`,
      })
    }
    facts.note('package_manager', requested, '--pm')
    return requested
  }
  const binding = hints.filter((hint) => hint.binding)
  const managers = [...new Set(binding.map((hint) => hint.manager))]
  if (managers.length > 1) {
    throw new ScaffoldError(
      'contradictory_lockfiles',
      `The repository uses ${managers.join(' and ')}: ${binding.map((hint) => hint.from).join(', ')}.`,
      {
        hint: `Delete the stale file, or choose one: ${managers.map((name) => `--pm ${name}`).join(' or ')}.`,
      },
    )
  }
  const winner = binding[0] ?? hints[0]
  if (winner !== undefined) {
    facts.note('package_manager', winner.manager, winner.from)
    return winner.manager
  }
  facts.note('package_manager', fallback.manager, 'the default; no lockfile')
  facts.warn(['ci', 'docker'], fallback.warning)
  return fallback.manager
}

/** Returns decisive hints for the lockfiles that exist. */
export function lockfileHints<P extends PackageManager>(
  repository: Repository,
  lockfiles: Readonly<Record<P, readonly string[]>>,
  managers: readonly P[],
): Hint<P>[] {
  return managers.flatMap((manager) =>
    lockfiles[manager].filter((path) => repository.has(path)).map((from) => ({ manager, from, binding: true })),
  )
}
