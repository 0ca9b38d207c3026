import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { temporaryFolder } from './temporary-folder.ts'

/** The files of a repository by path: a text, a symbolic link, or a text with a file mode. */
export interface RepositoryLayout {
  readonly files: Readonly<
    Record<string, string | { readonly link: string } | { readonly text: string; readonly mode: number }>
  >
  /** `null`: the folder is not a git repository. */
  readonly git?: { readonly branch?: string; readonly remote?: string; readonly commit?: boolean } | null
}

/** Writes a repository into a temporary folder and returns its path. */
export function layOut(layout: RepositoryLayout): string {
  const root = temporaryFolder('init')
  for (const [path, content] of Object.entries(layout.files)) write(root, path, content)
  const git = layout.git === undefined ? {} : layout.git
  if (git !== null) {
    run(root, 'init', '--quiet', '--initial-branch', git.branch ?? 'main')
    run(root, 'remote', 'add', 'origin', git.remote ?? 'https://github.com/acme/shop.git')
    if (git.commit === true) {
      run(root, 'add', '--all')
      run(root, '-c', 'user.name=A', '-c', 'user.email=a@example.com', 'commit', '--quiet', '--message', 'start')
    }
  }
  return root
}

function write(root: string, path: string, content: RepositoryLayout['files'][string]): void {
  const target = join(root, path)
  mkdirSync(dirname(target), { recursive: true })
  if (typeof content === 'string') writeFileSync(target, content)
  else if ('link' in content) symlinkSync(content.link, target)
  else {
    writeFileSync(target, content.text)
    chmodSync(target, content.mode)
  }
}

function run(root: string, ...args: readonly string[]): void {
  execFileSync('git', args, { cwd: root, stdio: 'pipe' })
}

/** Returns every file below a folder, with a text that identifies its content and its last write. */
export function snapshot(root: string): Map<string, string> {
  const files = new Map<string, string>()
  for (const path of listFiles(root)) {
    const { ino, mtimeNs, mode } = statSync(join(root, path), { bigint: true })
    const digest = createHash('sha256')
      .update(readFileSync(join(root, path)))
      .digest('hex')
    files.set(path, `${digest} ${ino} ${mtimeNs} ${mode}`)
  }
  return files
}

/** Lists all files below a folder except those of git; does not follow links. */
export function listFiles(root: string, folder = ''): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true })
    .flatMap((entry) => {
      const path = join(folder, entry.name)
      if (entry.isDirectory()) return path === '.git' ? [] : listFiles(root, path)
      return entry.isFile() ? [path] : []
    })
    .sort()
}

export function text(root: string, path: string): string {
  return readFileSync(join(root, path), 'utf8')
}

/** Replaces text in a file; fails when the text does not exist, because the test would prove nothing. */
export function edit(root: string, path: string, from: string, to: string): void {
  const before = text(root, path)
  if (!before.includes(from)) throw new Error(`${path} does not contain ${JSON.stringify(from)}`)
  writeFileSync(join(root, path), before.replace(from, to))
}
