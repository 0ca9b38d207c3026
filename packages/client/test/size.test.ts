import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { expect, test } from 'vitest'

const folder = resolve(import.meta.dirname, '..')
const readme = readFileSync(resolve(folder, 'README.md'), 'utf8')

/** Kilobytes of an entry with all it needs but React, minified and gzipped as a web server would. */
async function sizeOf(entry: string): Promise<number> {
  const { outputFiles } = await build({
    entryPoints: [resolve(folder, 'src', entry)],
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    external: ['react', 'react/jsx-runtime'],
    jsx: 'automatic',
  })
  return gzipSync(outputFiles[0]?.contents ?? new Uint8Array(), { level: 9 }).length / 1000
}

test('is as small as the README says', async () => {
  const [, plain, react] =
    /under (\d+) kB minified and gzipped, with React hooks and notification centre\s+under (\d+) kB/.exec(readme) ?? []
  expect(await sizeOf('index.ts')).toBeLessThan(Number(plain))
  expect(await sizeOf('react.ts')).toBeLessThan(Number(react))
})

test('needs nothing but itself', () => {
  const manifest = JSON.parse(readFileSync(resolve(folder, 'package.json'), 'utf8'))
  expect(manifest.dependencies).toBeUndefined()
})
