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
    // The client from its source: packages are built at once, and its dist may not be there yet.
    esbuildOptions(options) {
      options.conditions = ['@focus-api/source']
    },
  },
  {
    entry: { page: 'src/page/page.css' },
    outDir: 'dist/page',
    dts: false,
    minify: true,
  },
])
