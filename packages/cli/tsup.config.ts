import { defineConfig, type Options } from 'tsup'

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
  ...browserPage('page', 'src/pages/dev/page.ts', 'src/pages/dev/page.css'),
  ...browserPage('ops', 'src/pages/ops/ops.ts', 'src/pages/ops/ops.css'),
])

/** Builds the files that browsers load: the script of a page as one file, and its styles. */
function browserPage(name: string, script: string, styles: string): Options[] {
  const common: Options = { outDir: `dist/${name}`, dts: false, minify: true }
  return [
    {
      ...common,
      entry: [script],
      format: 'esm',
      target: 'es2022',
      platform: 'browser',
      noExternal: [/.*/],
      clean: true,
      // Read the client from its source: packages are built concurrently, and its dist may not exist yet.
      esbuildOptions(options) {
        options.conditions = ['@focus-api/source']
      },
    },
    { ...common, entry: [styles] },
  ]
}
