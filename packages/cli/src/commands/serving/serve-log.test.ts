import { spawnSync } from 'node:child_process'
import { expect, test } from 'vitest'

const file = JSON.stringify(new URL('serve-log.ts', import.meta.url).href)

test('a log entry is one line of JSON without characters that control a terminal', () => {
  const message = 'a\u001b[2J\u009b2J\n\u202e'
  const written = stderrOf(`productionLogger().warn(${JSON.stringify(message)}, { user: ${JSON.stringify(message)} })`)
  expect(written.slice(0, -1)).not.toMatch(/[\p{Cc}\u202e]/u)
  expect(JSON.parse(written)).toMatchObject({ msg: message, user: message })
})

test('debug entries are written only when asked for', () => {
  expect(stderrOf("productionLogger().debug('m')")).toBe('')
  const traced = stderrOf("productionLogger({ debug: true }).debug('m', { namespace: 'hub' })")
  expect(JSON.parse(traced)).toMatchObject({ level: 20, msg: 'm', namespace: 'hub' })
})

function stderrOf(statement: string): string {
  const program = `const { productionLogger } = await import(${file}); ${statement}`
  const flags = ['--conditions=@focus-api/source', '--input-type=module']
  return spawnSync(process.execPath, [...flags, '--eval', program], { encoding: 'utf8' }).stderr
}
