import type { Evidence, Target, Warning } from '../common/project.ts'

/** Collects the conclusions and warnings of one detection run. */
export class Facts {
  readonly evidence: Evidence[] = []
  readonly warnings: Warning[] = []

  note(fact: string, value: string, from: string): void {
    this.evidence.push({ fact, value, from })
  }

  /** @param targets - targets that the warning matters to; a run without them does not show it */
  warn(targets: readonly Target[], sentence: string): void {
    this.warnings.push({ sentence, targets })
  }
}

/** Returns a name on one line, without control characters. */
export function oneLine(name: string): string {
  return name.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ').trim()
}

/** Converts a name to lower-case ASCII words joined by hyphens, valid for an image, a container and a file. */
export function slugOf(name: string): string {
  const slug = name
    .replace(/^@[^/]+\//, '')
    .normalize('NFKD')
    .toLowerCase()
    .replaceAll(/\p{M}+/gu, '')
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
    .slice(0, 60)
    .replace(/-+$/, '')
  return slug === '' ? 'app' : slug
}
