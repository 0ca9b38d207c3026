import type { Evidence, Target, Warning } from '../common/project.ts'

/** Collects what detection concludes and what it is unsure of; one per run. */
export class Facts {
  readonly evidence: Evidence[] = []
  readonly warnings: Warning[] = []

  note(fact: string, value: string, from: string): void {
    this.evidence.push({ fact, value, from })
  }

  /** @param targets - what it matters to; a run that writes none of them does not say it */
  warn(targets: readonly Target[], sentence: string): void {
    this.warnings.push({ sentence, targets })
  }
}

/** A name on one line, without control characters. */
export function oneLine(name: string): string {
  return name.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ').trim()
}

/** A name fit for an image, a container and a file: lower-case ASCII words joined by hyphens. */
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
