import { lstatSync, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs'
import { join, relative, resolve, sep } from 'node:path'
import { ScaffoldError } from './scaffold-error.ts'

/**
 * Read-only view of a repository's files. Paths are relative and use `/`. Each file is read at most once. A file that
 * is missing, too large or outside the repository reads as `undefined`, because detection looks for files that may not
 * exist.
 */
export class Repository {
  readonly root: string
  readonly #texts = new Map<string, string | undefined>()

  constructor(root: string) {
    try {
      this.root = realpathSync(root)
    } catch (cause) {
      throw new ScaffoldError('no_such_directory', `${root} does not exist.`, {
        hint: 'Run `focus init` in the root of a repository, or name one with `--cwd`.',
        cause,
      })
    }
  }

  /** Returns the file's text without a byte-order mark; line ends are unchanged. */
  read(path: string): string | undefined {
    if (!this.#texts.has(path)) this.#texts.set(path, this.#load(path))
    return this.#texts.get(path)
  }

  has(path: string): boolean {
    return this.stat(path)?.isFile() ?? false
  }

  /** Returns the sorted entries of a directory; an empty list when it does not exist. */
  list(path: string): readonly { readonly name: string; readonly directory: boolean }[] {
    try {
      return readdirSync(join(this.root, path), { withFileTypes: true })
        .map((entry) => ({ name: entry.name, directory: entry.isDirectory() }))
        .sort((a, b) => (a.name < b.name ? -1 : 1))
    } catch {
      return []
    }
  }

  /** Parses a file that holds a JSON object; returns undefined when the file does not exist. */
  json(path: string): Record<string, unknown> | undefined {
    const source = this.read(path)
    if (source === undefined) return undefined
    let value: unknown
    try {
      value = JSON.parse(source)
    } catch (cause) {
      throw new ScaffoldError('invalid_json', `${path} is not valid JSON.`, {
        hint: `Fix ${path}, then run the command again.`,
        cause,
      })
    }
    if (!isRecord(value)) {
      throw new ScaffoldError('invalid_json', `${path} is not a JSON object.`, {
        hint: `Fix ${path}, then run the command again.`,
      })
    }
    return value
  }

  stat(path: string) {
    try {
      const target = realpathSync(join(this.root, path))
      return this.#contains(target) ? statSync(target) : undefined
    } catch {
      return undefined
    }
  }

  /**
   * Rejects a path that is outside the repository, passes a symbolic link (its target could change before the write),
   * or is not a regular file.
   *
   * @throws ScaffoldError `unsafe_path`, `not_a_file`
   */
  assertPlain(path: string): void {
    const target = resolve(this.root, path)
    if (!this.#contains(target) || target === this.root) {
      throw new ScaffoldError('unsafe_path', `${path} is outside the repository.`, {
        hint: 'Only files inside the repository are written.',
      })
    }
    const parts = relative(this.root, target).split(sep)
    for (let depth = 1; depth <= parts.length; depth++) {
      const part = parts.slice(0, depth).join('/')
      const stat = lstatSync(join(this.root, part), { throwIfNoEntry: false })
      if (stat === undefined) return
      if (stat.isSymbolicLink()) {
        throw new ScaffoldError('unsafe_path', `${part} is a symbolic link.`, {
          hint: 'Replace the link with a real file or directory, or leave that target out with `--only`.',
        })
      }
      const last = depth === parts.length
      if (last ? !stat.isFile() : !stat.isDirectory()) {
        throw new ScaffoldError('not_a_file', `${part} is not a ${last ? 'regular file' : 'directory'}.`, {
          hint: 'Move it away, or leave that target out with `--only`.',
        })
      }
    }
  }

  /**
   * Rejects a read-only file: replacing it would work, but its owner does not want it.
   *
   * @throws ScaffoldError `read_only`
   */
  assertWritable(path: string): void {
    this.assertPlain(path)
    const stat = lstatSync(join(this.root, path), { throwIfNoEntry: false })
    if (stat !== undefined && (stat.mode & 0o200) === 0) {
      throw new ScaffoldError('read_only', `${path} is read-only.`, {
        hint: `Make it writable (chmod u+w ${path}), or leave that target out with \`--only\`.`,
        kind: 'failure',
      })
    }
  }

  #contains(target: string): boolean {
    return target === this.root || target.startsWith(this.root + sep)
  }

  #load(path: string): string | undefined {
    const stat = this.stat(path)
    if (stat === undefined || !stat.isFile() || stat.size > largestFile) return undefined
    try {
      return readFileSync(join(this.root, path), 'utf8').replace(/^\uFEFF/, '')
    } catch {
      return undefined
    }
  }
}

/** Size in bytes above which a file is data, not a description of the project. */
const largestFile = 8 * 1024 * 1024

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
