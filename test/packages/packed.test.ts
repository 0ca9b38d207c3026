import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { formatMessage } from 'publint/utils'
import { publint } from 'publint'
import { beforeAll, describe, expect, test } from 'vitest'
import { type ConsumerProject, packIntoProject } from '@focus-api/test-kit/focus/packed-packages'
import { removeFolder } from '@focus-api/test-kit/processes/temporary-folder'

const workspace = resolve(import.meta.dirname, '../..')
const names = ['@focus-api/adapters', '@focus-api/cli', '@focus-api/client', '@focus-api/core', '@focus-api/scaffold']

let project: ConsumerProject

beforeAll(async () => {
  project = await packIntoProject()
  return () => removeFolder(project.folder)
}, 180_000)

function find(name: string) {
  const found = project.packages.find((each) => each.name === name)
  if (!found) throw new Error(`${name} was not packed.`)
  return found
}

/** Every address that a package can be imported by. */
function entries(name: string): string[] {
  return Object.keys(find(name).manifest.exports)
    .filter((path) => path !== './package.json')
    .map((path) => join(name, path))
}

/** Runs Node in the project and returns what it printed. */
function node(...args: string[]): string {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: project.folder, encoding: 'utf8' })
  if (status !== 0) throw new Error(`node ${args.join(' ')} ended with ${status}:\n${stdout}${stderr}`)
  return stdout
}

test('every package of the workspace is packed', () => {
  expect(project.packages.map(({ name }) => name)).toEqual(names)
})

describe.each(names)('%s, packed', (name) => {
  test('satisfies publint', async () => {
    // A copy: the buffer of a small file is a part of a larger one.
    const { buffer } = new Uint8Array(readFileSync(find(name).tarball))
    const { messages, pkg } = await publint({ pack: { tarball: buffer }, strict: true })
    expect(messages.map((message) => formatMessage(message, pkg))).toEqual([])
  })

  test('has types that every resolver finds', () => {
    const attw = resolve(workspace, 'node_modules/@arethetypeswrong/cli/dist/index.js')
    const { status, stdout } = spawnSync(process.execPath, [attw, find(name).tarball, '--profile', 'esm-only'], {
      encoding: 'utf8',
    })
    expect(status, stdout).toBe(0)
  })

  test('holds no source, no tests and no address of this workspace', () => {
    const { stdout } = spawnSync('tar', ['-tzf', find(name).tarball], { encoding: 'utf8' })
    const files = stdout.trim().split('\n')
    expect(files.filter((file) => /\/(src|test|node_modules)\/|\.test\./.test(file))).toEqual([])
    expect(files).toContain('package/LICENSE')
    expect(files).toContain('package/README.md')
    const { exports, dependencies, peerDependencies } = find(name).manifest
    expect(JSON.stringify({ exports, dependencies, peerDependencies })).not.toMatch(/workspace:|@focus-api\/source/)
  })

  test('can be imported, and required from CommonJS', () => {
    const list = JSON.stringify(entries(name))
    const imported = node(
      '--input-type=module',
      '-e',
      `for (const entry of ${list}) console.log(entry, Object.keys(await import(entry)).join())`,
    )
    const required = node('-e', `for (const entry of ${list}) console.log(entry, Object.keys(require(entry)).join())`)
    expect(required).toBe(imported)
    for (const entry of entries(name)) expect(imported).toContain(`${entry} `)
  })
})

describe('a project with the packed packages', () => {
  test('type-checks every TypeScript example of README.md, of the guide and of the command', () => {
    const paths = ['README.md', 'docs/guide.en.md', 'docs/cli.md']
    const pages = paths.map((page) => readFileSync(resolve(workspace, page), 'utf8'))
    const examples = pages.flatMap((page) => [...page.matchAll(/```(tsx?)\n(.*?)```/gs)])
    expect(examples.length).toBeGreaterThan(5)
    const files = examples.map(([, extension, code], index) => {
      const file = `example-${index}.${extension}`
      // Each on its own, and with the function that a page shows notifications by.
      const prelude = 'declare function show(title: string, message: string): void\n'
      writeFileSync(join(project.folder, file), `${prelude}${code}\nexport {}\n`)
      return file
    })
    const tsc = resolve(workspace, 'node_modules/@typescript/native/bin/tsc')
    const options = ['--noEmit', '--strict', '--target', 'es2024', '--module', 'nodenext', '--jsx', 'react-jsx']
    expect(node(tsc, ...options, '--types', 'node,express,react', ...files)).toBe('')
  })

  test('starts Focus and sends a notification', () => {
    const output = node(
      '--input-type=module',
      '-e',
      `
        import { createFocus } from '@focus-api/core'
        const focus = await createFocus({ database: 'sqlite::memory:', env: {} })
        const health = await focus.fetch(new Request('http://localhost/api/health'))
        console.log(health.status)
        await focus.close()
      `,
    )
    expect(output).toBe('200\n')
  })

  test('has the focus command', () => {
    const command = join(find('@focus-api/cli').folder, 'bin/focus.mjs')
    expect(node(command, '--version')).toMatch(/^\d+\.\d+\.\d+\n$/)
  })
})
