import { ScaffoldError } from '../common/scaffold-error.ts'
import type { Repository } from '../common/repository.ts'
import type { Answers, PackageManager } from '../common/project.ts'
import type { Facts } from './facts.ts'

/** Something that speaks for a package manager, strongest kind first. */
export interface Hint<P extends PackageManager> {
  readonly manager: P
  readonly from: string
  /** Only one manager may have hints of this kind: a lockfile binds, a mention does not. */
  readonly binding: boolean
}

/**
 * The package manager that the files agree on.
 *
 * @throws ScaffoldError `contradictory_lockfiles` when two managers have a binding hint, `invalid_package_manager` when the
 *   one asked for is of the other flavour
 */
export function choosePackageManager<P extends PackageManager>(
  candidates: readonly P[],
  hints: readonly Hint<P>[],
  fallback: { readonly manager: P; readonly warning: string },
  answers: Answers,
  facts: Facts,
): P {
  if (answers.pm !== undefined) {
    const asked = candidates.find((candidate) => candidate === answers.pm)
    if (asked === undefined) {
      throw new ScaffoldError('invalid_package_manager', `${answers.pm} is not a package manager of this flavour.`, {
        hint: `Use one of: ${candidates.join(', ')}.`,
      })
    }
    facts.note('package_manager', asked, '--pm')
    return asked
  }
  const binding = hints.filter((hint) => hint.binding)
  const managers = [...new Set(binding.map((hint) => hint.manager))]
  if (managers.length > 1) {
    throw new ScaffoldError(
      'contradictory_lockfiles',
      `The repository speaks of ${managers.join(' and ')}: ${binding.map((hint) => hint.from).join(', ')}.`,
      {
        hint: `Delete what is stale, or say which one counts: ${managers.map((name) => `--pm ${name}`).join(' or ')}.`,
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

/** Hints for the lockfiles that exist. */
export function lockfileHints<P extends PackageManager>(
  repository: Repository,
  lockfiles: Readonly<Record<P, readonly string[]>>,
  managers: readonly P[],
): Hint<P>[] {
  return managers.flatMap((manager) =>
    lockfiles[manager].filter((path) => repository.has(path)).map((from) => ({ manager, from, binding: true })),
  )
}
