import { defineConfig } from 'vitest/config'

/** Sibling packages are tested from source; what ships is tested by test/packages on packed tarballs. */
const source = { ssr: { resolve: { conditions: ['@focus-api/source', 'module', 'node'] } } }

export default defineConfig({
  test: {
    reporters: ['default', './scripts/closing-line-reporter.ts'],
    projects: [
      {
        ...source,
        test: {
          name: 'unit',
          include: ['packages/*/src/**/*.test.{ts,tsx}'],
          setupFiles: [
            './packages/test-kit/src/sentinels/loopback-only.setup.ts',
            './packages/test-kit/src/sentinels/log-sentinel.setup.ts',
          ],
          // The workflow validators of the scaffolder ship ES modules that import JSON.
          server: { deps: { inline: [/@actions\//] } },
        },
      },
      {
        ...source,
        test: {
          name: 'integration',
          include: ['packages/*/test/**/*.test.ts', 'test/**/*.test.ts'],
          setupFiles: [
            './packages/test-kit/src/sentinels/loopback-only.setup.ts',
            './packages/test-kit/src/sentinels/log-sentinel.setup.ts',
          ],
          server: { deps: { inline: [/@actions\//] } },
          // Most tests wait for real servers, and a real browser: two files at a time keep two cores busy.
          maxWorkers: 2,
          testTimeout: 30_000,
          expect: { poll: { timeout: 15_000 } },
          hookTimeout: 60_000,
        },
      },
      {
        ...source,
        test: {
          name: 'types',
          include: [],
          typecheck: {
            enabled: true,
            only: true,
            include: ['packages/*/{src,test}/**/*.test-d.ts'],
            // The whole workspace is checked by `tsc`, with errors that name their file.
            ignoreSourceErrors: true,
          },
        },
      },
    ],
  },
})
