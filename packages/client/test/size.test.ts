import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { expect, test } from 'vitest'

const folder = resolve(import.meta.dirname, '..')
const readme = readFileSync(resolve(folder, 'README.md'), 'utf8')

/** Returns the kilobytes of an entry point and its imports without React, minified and gzipped. */
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

test('the bundles are smaller than the README promises', async () => {
  const [, plain, react] =
    /under (\d+) kB minified and gzipped, or under (\d+) kB with the React hooks/.exec(
      readme.replaceAll(/\s+/g, ' '),
    ) ?? []
  expect(await sizeOf('index.ts')).toBeLessThan(Number(plain))
  expect(await sizeOf('react.ts')).toBeLessThan(Number(react))
})

test('the package has no dependencies', () => {
  const manifest = JSON.parse(readFileSync(resolve(folder, 'package.json'), 'utf8'))
  expect(manifest.dependencies).toBeUndefined()
})
