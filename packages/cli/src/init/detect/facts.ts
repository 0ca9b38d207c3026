import type { Evidence } from '../types.ts'

/** Collects what detection concludes and what it is unsure of; one per run. */
export class Facts {
  readonly evidence: Evidence[] = []
  readonly warnings: string[] = []

  note(fact: string, value: string, from: string): void {
    this.evidence.push({ fact, value, from })
  }

  warn(sentence: string): void {
    if (!this.warnings.includes(sentence)) this.warnings.push(sentence)
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
