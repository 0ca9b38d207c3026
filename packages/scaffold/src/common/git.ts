import { existsSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'

/** Facts from the `.git` directory, read without running git: detection is fast and works on machines without git. */
export interface GitFacts {
  /** The working tree's root, or null when the directory is not in one. */
  readonly root: string | null
  readonly defaultBranch: { readonly name: string; readonly from: string } | null
  /** `owner/name` when a remote is on GitHub. */
  readonly repository: { readonly slug: string; readonly from: string } | null
}

export function readGit(directory: string): GitFacts {
  const root = findRoot(resolve(directory))
  if (root === null) return { root, defaultBranch: null, repository: null }
  const own = gitDirectory(root)
  const common = commonDirectory(own)
  return { root, defaultBranch: defaultBranch(own, common), repository: gitHubRepository(common) }
}

function findRoot(directory: string): string | null {
  for (let at = directory; ; at = dirname(at)) {
    if (existsSync(join(at, '.git'))) return at
    if (dirname(at) === at) return null
  }
}

/** `.git` is a file in worktrees and submodules. */
function gitDirectory(root: string): string {
  const path = join(root, '.git')
  if (statSync(path).isDirectory()) return path
  const pointer = /^gitdir: (.+)$/m.exec(readFileSync(path, 'utf8'))?.[1]
  return pointer === undefined ? path : resolve(root, pointer.trim())
}

function commonDirectory(own: string): string {
  const pointer = readText(join(own, 'commondir'))
  return pointer === undefined ? own : resolve(own, pointer.trim())
}

function defaultBranch(own: string, common: string): GitFacts['defaultBranch'] {
  const remote = branchOf(readText(join(common, 'refs/remotes/origin/HEAD')), 'refs/remotes/origin/')
  if (remote !== undefined) return { name: remote, from: '.git: the remote HEAD of origin' }
  const head = branchOf(readText(join(own, 'HEAD')), 'refs/heads/')
  if (head !== undefined && usualNames.includes(head)) return { name: head, from: '.git/HEAD' }
  const packed = readText(join(common, 'packed-refs')) ?? ''
  for (const name of usualNames) {
    if (existsSync(join(common, 'refs/heads', name)) || packed.includes(` refs/heads/${name}\n`)) {
      return { name, from: '.git: a branch of that name' }
    }
  }
  return null
}

const usualNames = ['main', 'master', 'trunk']

function branchOf(text: string | undefined, prefix: string): string | undefined {
  const name = /^ref: (.+)$/m.exec(text ?? '')?.[1]?.trim()
  const branch = name?.startsWith(prefix) === true ? name.slice(prefix.length) : undefined
  return branch !== undefined && isBranchName(branch) ? branch : undefined
}

/** Accepts fewer names than git: only those that a branch filter and a URL take without escaping. */
export function isBranchName(name: string): boolean {
  return /^[A-Za-z0-9_][\w./-]*$/.test(name) && !name.includes('..') && !name.endsWith('/') && name.length <= 200
}

function gitHubRepository(common: string): GitFacts['repository'] {
  const config = readText(join(common, 'config'))
  if (config === undefined) return null
  const remotes = [...config.matchAll(/^\[remote "([^"\n]+)"\]\s*\n((?:[ \t]+[^\n]*\n?)*)/gm)]
  remotes.sort((a, b) => Number(b[1] === 'origin') - Number(a[1] === 'origin'))
  for (const [, name, body] of remotes) {
    const url = /^\s*url\s*=\s*(\S+)\s*$/m.exec(body ?? '')?.[1]
    const slug = gitHubSlug(url ?? '')
    if (slug !== null) return { slug, from: `.git/config: remote ${name}` }
  }
  return null
}

/** Returns `owner/name` of a GitHub address in any form that git and npm accept, or null. */
export function gitHubSlug(url: string): string | null {
  const match =
    /^(?:github:|(?:(?:git\+)?https?:\/\/(?:[^@/]+@)?|git:\/\/|(?:git\+)?ssh:\/\/git@|git@)github\.com(?::\d+)?[/:])([\w.-]+)\/([\w.-]+?)(?:\.git)?\/?$/i.exec(
      url,
    )
  return match === null ? null : `${match[1]}/${match[2]}`
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}
