import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Region } from '../render/render.ts'

/** The text of a file with `\n` line ends, and a function that restores its original style. */
export interface DiskText {
  readonly text: string
  readonly restoreStyle: (text: string) => string
}

/** Reads a file; returns undefined when it does not exist. The caller has checked that the path is a plain file. */
export function readDisk(root: string, path: string): DiskText | undefined {
  let source: string
  try {
    source = readFileSync(join(root, path), 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR'))
      return undefined
    throw error
  }
  const mark = source.startsWith('\uFEFF') ? '\uFEFF' : ''
  const windows = (source.match(/\r\n/g)?.length ?? 0) * 2 > (source.match(/\n/g)?.length ?? 0)
  return {
    text: source.slice(mark.length).replaceAll('\r\n', '\n'),
    restoreStyle: (text) => mark + (windows ? text.replaceAll('\n', '\r\n') : text),
  }
}

/** A file split at the markers of a region. */
export interface SplitFile {
  readonly before: string
  /** The text between the marker lines; undefined without markers. */
  readonly inside: string | undefined
  readonly after: string
}

export function splitAtRegion(source: string, region: Region): SplitFile {
  const begin = source.indexOf(region.begin)
  const end = begin === -1 ? -1 : source.indexOf(region.end, begin)
  if (end === -1) return { before: source, inside: undefined, after: '' }
  return {
    before: source.slice(0, begin),
    inside: source
      .slice(begin + region.begin.length, end)
      .replace(/^[^\n]*\n/, '')
      .replace(/\n$/, ''),
    after: source.slice(end + region.end.length),
  }
}

/** Returns the region's text between its markers. */
export function marked(inside: string, region: Region): string {
  return `${region.begin}\n${inside}${inside === '' ? '' : '\n'}${region.end}`
}
