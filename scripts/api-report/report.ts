import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type ts from 'typescript'
import { Declarations } from './declarations.ts'

/** Entry points whose exports are listed by name: semantic versioning does not cover them. */
const namesOnly: ReadonlySet<string> = new Set(['@focus-api/core/internal', '@focus-api/core/internal/light'])

/** The public interface of one package, as Markdown. */
export interface ApiReport {
  /** Path of the file that holds it. */
  readonly path: string
  readonly text: string
  /** Exports without a doc comment. */
  readonly undocumented: readonly string[]
}

interface Package {
  readonly name: string
  readonly folder: string
  readonly entries: readonly Entry[]
}

interface Entry {
  /** As an application imports it. */
  readonly name: string
  readonly file: string
}

/**
 * Reports every export of every published package with its full signature, and the types of the package that a signature
 * names. The reports are deterministic: the same sources give the same texts.
 *
 * @param root folder of the workspace
 */
export function apiReports(root: string): ApiReport[] {
  const packages = publishedPackages(root)
  const files = packages.flatMap(({ entries }) => entries.map(({ file }) => file))
  const declarations = new Declarations(join(root, 'tsconfig.json'), files)
  return packages.map((each) => ({
    path: join(each.folder, 'api.md'),
    text: reportOf(each, declarations),
    undocumented: undocumentedOf(each, declarations),
  }))
}

function publishedPackages(root: string): Package[] {
  return readdirSync(join(root, 'packages'))
    .toSorted()
    .map((name) => join(root, 'packages', name))
    .filter((folder) => existsSync(join(folder, 'package.json')))
    .flatMap((folder) => {
      const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
      return manifest.private === true ? [] : [packageOf(folder, manifest)]
    })
}

function packageOf(folder: string, { name, exports }: { name: string; exports: Record<string, unknown> }): Package {
  const entries = Object.entries(exports).flatMap(([path, target]) => {
    const source = (target as Record<string, string>)['@focus-api/source']
    return source === undefined ? [] : [{ name: join(name, path), file: join(folder, source) }]
  })
  return { name, folder, entries }
}

function undocumentedOf({ entries }: Package, declarations: Declarations): string[] {
  return entries
    .filter(({ name }) => !namesOnly.has(name))
    .flatMap(({ name, file }) =>
      [...declarations.exportsOf(file)]
        .filter(([, symbol]) => !declarations.isDocumented(symbol))
        .map(([exportedAs]) => `${name}: ${exportedAs}`),
    )
}

function reportOf({ name, folder, entries }: Package, declarations: Declarations): string {
  const source = join(folder, 'src')
  const printed = new Map<ts.Symbol, string>()
  const referenced = new Set<ts.Symbol>()
  const sections = entries.flatMap((entry) => {
    const exported = declarations.exportsOf(entry.file)
    const heading = [`## \`${entry.name}\``, '', `${exported.size} exports.`, '']
    if (namesOnly.has(entry.name)) return [...heading, ...[...exported.keys()].map((each) => `- \`${each}\``), '']
    const texts = [...exported].map(([exportedAs, symbol]) => {
      const before = printed.get(symbol)
      if (before !== undefined) return `// ${exportedAs}: as in ${before}`
      printed.set(symbol, entry.name)
      const { name: declaredAs, text, references } = declarations.declarationOf(symbol, source)
      for (const reference of references) referenced.add(reference)
      return exportedAs === declaredAs ? text : `// ${exportedAs} is\n${text}`
    })
    return [...heading, ...code(texts), '']
  })
  const others = reachable(referenced, printed, declarations, source)
  return [
    `# API of \`${name}\``,
    '',
    'Made by `npm run api` from the sources; do not edit. A change of this file is a change of the public interface.',
    '',
    ...sections,
    ...(others.length === 0 ? [] : ['## Types that the exports refer to', '', ...code(others), '']),
  ].join('\n')
}

/** The declarations that are not exported and that exported ones refer to, directly or through others. */
function reachable(
  referenced: ReadonlySet<ts.Symbol>,
  exported: ReadonlyMap<ts.Symbol, string>,
  declarations: Declarations,
  source: string,
): string[] {
  const texts = new Map<ts.Symbol, string>()
  const waiting = [...referenced]
  for (let symbol = waiting.pop(); symbol !== undefined; symbol = waiting.pop()) {
    if (exported.has(symbol) || texts.has(symbol)) continue
    const { text, references } = declarations.declarationOf(symbol, source)
    texts.set(symbol, text)
    waiting.push(...references)
  }
  const nameOf = (text: string) => /\w+ (\w+)/.exec(text)?.[1] ?? ''
  return [...texts.values()].toSorted((one, other) => (nameOf(one) + one < nameOf(other) + other ? -1 : 1))
}

function code(texts: readonly string[]): string[] {
  return ['```ts', texts.join('\n\n'), '```']
}
