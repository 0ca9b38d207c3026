import { spawnSync } from 'node:child_process'
import { expect, test } from 'vitest'

test('a log entry is one line of JSON without characters that control a terminal', () => {
  const message = 'a\u001b[2J\u009b2J\n\u202e'
  const program = `
    const { productionLogger } = await import(${JSON.stringify(new URL('serve-log.ts', import.meta.url).href)})
    productionLogger().warn(${JSON.stringify(message)}, { user: ${JSON.stringify(message)} })`
  const { stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', program], { encoding: 'utf8' })
  expect(stderr.slice(0, -1)).not.toMatch(/[\p{Cc}\u202e]/u)
  expect(JSON.parse(stderr)).toMatchObject({ msg: message, user: message })
})
