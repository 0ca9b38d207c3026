import { defineConfig } from 'tsup'

export default defineConfig([
  {
    entry: ['src/main.ts', 'src/index.ts'],
    format: 'esm',
    target: 'node22',
    dts: { entry: ['src/index.ts'] },
    clean: ['dist/*.js', 'dist/*.map', 'dist/*.d.ts'],
    sourcemap: true,
    splitting: true,
  },
  {
    // What browsers load: the page of `focus dev`, whole in one file.
    entry: { page: 'src/page/page.ts' },
    outDir: 'dist/page',
    format: 'esm',
    target: 'es2022',
    platform: 'browser',
    noExternal: [/.*/],
    dts: false,
    clean: true,
    minify: true,
    publicDir: false,
  },
  {
    entry: { page: 'src/page/page.css' },
    outDir: 'dist/page',
    dts: false,
    minify: true,
  },
])
