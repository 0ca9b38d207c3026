import { defineConfig } from 'tsup'

export default defineConfig({
  entry: {
    index: 'src/index.ts',
    'transports/index': 'src/transports/index.ts',
    testing: 'src/testing.ts',
    'internal/index': 'src/internal/index.ts',
    'internal/light': 'src/internal/light.ts',
    'sqlite-worker': 'src/storage/sqlite-worker.ts',
  },
  format: 'esm',
  target: 'node22',
  // Optional dependencies are loaded when configured; a native driver cannot live in a bundle.
  external: ['better-sqlite3'],
  dts: true,
  clean: true,
  sourcemap: true,
  // Optional dependencies too are loaded where they are installed, never bundled.
  skipNodeModulesBundle: true,
})
