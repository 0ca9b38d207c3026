import * as fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'
import { removeFolder } from '@focus-api/test-kit/processes/temporary-folder'
import { scaffold } from '../src/scaffold.ts'
import { lintRepository } from '../src/policy/lint.ts'
import {
  type Answers,
  nodePackageManagers,
  pythonPackageManagers,
  serviceNames,
  targets,
} from '../src/common/project.ts'
import { layOut, listFiles, snapshot, text } from '@focus-api/test-kit/processes/repository-folder'

vi.setConfig({ testTimeout: 180_000 })

const packages = [
  'mysql2',
  'pg',
  'redis',
  'mongoose',
  'vitest',
  '@vitest/coverage-v8',
  'jest',
  'eslint',
  'typescript',
  '@focus-api/core',
]
const scripts = {
  lint: 'eslint .',
  typecheck: 'tsc',
  test: 'vitest run',
  build: 'tsup',
  start: 'node dist/index.js',
  coverage: 'c8 node --test',
}

const node = fc.record({
  flavour: fc.constant('node' as const),
  pm: fc.constantFrom(...nodePackageManagers),
  manifest: fc.record({
    name: fc.string({ unit: 'grapheme' }),
    dependencies: fc.subarray(packages).map((names) => Object.fromEntries(names.map((name) => [name, '1']))),
    scripts: fc.subarray(Object.entries(scripts)).map((entries) => Object.fromEntries(entries)),
  }),
})
const python = fc.record({
  flavour: fc.constant('python' as const),
  pm: fc.constantFrom(...pythonPackageManagers),
  requirements: fc
    .subarray(['fastapi==1', 'pymysql>=1', 'redis', 'pytest==8', 'ruff', 'gunicorn'])
    .map((lines) => lines.join('\n')),
})
const options = fc.record(
  {
    services: fc.subarray([...serviceNames]),
    port: fc.integer({ min: 1, max: 65_535 }),
    healthPath: fc.constantFrom('/health', '/api/health', '/-/up'),
    branch: fc.constantFrom('main', 'master', 'release/1.x'),
    repo: fc.constantFrom('acme/shop', 'A.b/c_d'),
    domain: fc.constant('shop.example.com'),
  },
  { requiredKeys: [] },
)
const surroundings = fc.record(
  {
    'README.md': fc.constantFrom('', '# Shop\n', '# Shop\r\n\r\nText\r\n', 'Text'),
    '.env.example': fc.constantFrom('', 'PORT=1', 'A=b\r\n'),
    Dockerfile: fc.constant('FROM scratch\n'),
    'docker-compose.yml': fc.constant('services: {}\n'),
  },
  { requiredKeys: [] },
)

describe('for any flavour, package manager and options', () => {
  test('a second run writes nothing, and the generated files follow every rule', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(node, python),
        options,
        surroundings,
        fc.subarray([...targets], { minLength: 1 }),
        async (drawn, more, around, asked) => {
          const manifest =
            'manifest' in drawn
              ? { 'package.json': JSON.stringify(drawn.manifest) }
              : { 'requirements.txt': drawn.requirements }
          const root = layOut({ files: { ...around, ...manifest }, git: null })
          const answers: Answers = { flavour: drawn.flavour, pm: drawn.pm, ...more }
          await scaffold(root, { answers, targets: asked })
          const after = snapshot(root)
          const again = await scaffold(root, { answers, targets: asked })
          expect(snapshot(root)).toEqual(after)
          expect([again.outcome, again.written]).toEqual(['done', false])
          const rulesBroken = (await lintRepository(root)).filter(({ rule }) => rule !== 'W23' && rule !== 'W19')
          expect(rulesBroken).toEqual([])
          removeFolder(root)
        },
      ),
      { numRuns: 40 },
    )
  })

  test('the same repository gets the same bytes in every folder', async () => {
    await fc.assert(
      fc.asyncProperty(node, options, async (drawn, answers) => {
        const roots = [0, 1].map(() =>
          layOut({ files: { 'package.json': JSON.stringify({ ...drawn.manifest, name: 'shop' }) }, git: null }),
        )
        for (const root of roots) await scaffold(root, { answers: { pm: drawn.pm, ...answers } })
        const [first, second] = roots.map((root) => listFiles(root).map((path) => [path, text(root, path)]))
        expect(first).toEqual(second)
        for (const root of roots) removeFolder(root)
      }),
      { numRuns: 10 },
    )
  })
})
