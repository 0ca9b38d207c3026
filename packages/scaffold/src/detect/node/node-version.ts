import { isRecord, type Repository } from '../../common/repository.ts'
import type { Facts } from '../facts.ts'

/** The Node version of CI and of the image. */
export interface NodeVersion {
  readonly major: number
  /** File from which setup-node reads the exact version. */
  readonly file: string | undefined
}

/** The active long-term support release; the default. */
const defaultMajor = 24
const oldestMajor = 18
const newestMajor = 26
const ltsNames: Readonly<Record<string, number>> = { hydrogen: 18, iron: 20, jod: 22, krypton: 24 }

export function detectNodeVersion(
  repository: Repository,
  manifest: Readonly<Record<string, unknown>>,
  facts: Facts,
): NodeVersion {
  for (const file of ['.nvmrc', '.node-version']) {
    const major = majorOfFile(repository.read(file))
    if (major === undefined) continue
    facts.note('node', String(major), file)
    return { major, file }
  }
  for (const [field, key] of [
    ['volta', 'node'],
    ['engines', 'node'],
  ] as const) {
    const group = manifest[field]
    const range = isRecord(group) ? group[key] : undefined
    const major = typeof range === 'string' ? majorOfRange(range) : undefined
    if (major === undefined) continue
    facts.note('node', String(major), `package.json: ${field}.${key}`)
    return { major, file: undefined }
  }
  facts.note('node', String(defaultMajor), 'the default')
  return { major: defaultMajor, file: undefined }
}

function majorOfFile(source: string | undefined): number | undefined {
  const word = source?.trim().toLowerCase()
  if (word === undefined || word === '') return undefined
  if (word === 'node' || word === 'stable' || word === 'lts/*') return defaultMajor
  if (word.startsWith('lts/')) return ltsNames[word.slice(4)]
  const major = /^v?(\d{2})(?:\.\d+){0,2}$/.exec(word)?.[1]
  return major === undefined ? undefined : inRange(Number(major))
}

/** Returns the newest long-term release that a range allows, or the release that it names. */
function majorOfRange(range: string): number | undefined {
  const named = [...range.matchAll(/(>=|\^|~|>|<=|<)?\s*v?(\d{1,3})(?:\.[\dx*]+)*/g)].map((match) => ({
    operator: match[1] ?? '=',
    major: Number(match[2]),
  }))
  const open = named.find(({ operator }) => operator === '>=' || operator === '>')
  const below = named.find(({ operator }) => operator === '<')
  const fixed = named.filter(({ operator }) => operator === '^' || operator === '~' || operator === '=')
  if (fixed.some(({ major }) => major === defaultMajor)) return defaultMajor
  if (open !== undefined) {
    const most = below === undefined ? defaultMajor : Math.min(defaultMajor, below.major - 1)
    return inRange(Math.max(open.major, most))
  }
  return fixed.length === 0 ? undefined : inRange(Math.max(...fixed.map(({ major }) => major)))
}

function inRange(major: number): number | undefined {
  return major >= oldestMajor && major <= newestMajor ? major : undefined
}
