import { readFileSync } from 'node:fs'
import { basename, resolve } from 'node:path'
import ts from 'typescript'
import { expect, test } from 'vitest'

const folder = resolve(import.meta.dirname, '..')

/** Declarations for examples, which may use `show`, `badge`, and an existing client. */
const prelude = `
declare function show(...what: unknown[]): void
declare function badge(count: number): void
`
const client = "declare const focus: import('@focus-api/client').FocusClient\n"

/** Returns the TypeScript examples of a page, as files of this package in memory. */
function examples(page: string): [path: string, code: string][] {
  const text = readFileSync(resolve(folder, page), 'utf8')
  return [...text.matchAll(/```(tsx?)\n(.*?)```/gs)].map(([, extension, code = ''], index) => [
    resolve(folder, `${basename(page, '.md')}-${index + 1}.${extension}`),
    `${prelude}${code.includes('const focus') ? '' : client}${code}\nexport {}\n`,
  ])
}

function compileErrors(files: Map<string, string>): string[] {
  const { config } = ts.readConfigFile(resolve(folder, '../../tsconfig.json'), (path) => ts.sys.readFile(path))
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, resolve(folder, '../..'))
  const host = ts.createCompilerHost(options)
  const disk = { ...host }
  host.fileExists = (name) => files.has(name) || disk.fileExists(name)
  host.readFile = (name) => files.get(name) ?? disk.readFile(name)
  host.getSourceFile = (name, version, ...rest) => {
    const text = files.get(name)
    return text === undefined ? disk.getSourceFile(name, version, ...rest) : ts.createSourceFile(name, text, version)
  }
  const program = ts.createProgram([...files.keys()], { ...options, incremental: false, noEmit: true }, host)
  return ts
    .getPreEmitDiagnostics(program)
    .filter(({ file }) => file === undefined || files.has(file.fileName))
    .map(({ file, messageText }) => `${file?.fileName}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`)
}

test('every example compiles, and an example with an error does not', () => {
  const pages = ['README.md', '../../docs/client.md'].map(examples)
  for (const page of pages) expect(page.length).toBeGreaterThan(1)
  const wrong = resolve(folder, 'wrong.ts')
  const misspelt = "import { createFocusClient } from '@focus-api/client'\ncreateFocusClient({ uri: '/api' })\n"
  expect(compileErrors(new Map([...pages.flat(), [wrong, misspelt]]))).toEqual([expect.stringContaining(wrong)])
}, 60_000)
