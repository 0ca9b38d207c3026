import { expect, test } from 'vitest'
import { ScaffoldError, targets } from '@focus-api/scaffold'
import { CommandFailure } from '../../terminal/failure.ts'
import { answersOf, type InitFlags, targetsOf } from './flags.ts'
import { withInitExitCodes } from './init-failure.ts'

async function failureOf(work: () => unknown): Promise<CommandFailure> {
  try {
    await withInitExitCodes(work)
  } catch (error) {
    if (error instanceof CommandFailure) return error
    throw error
  }
  throw new Error('it was accepted')
}

const wrong: readonly (readonly [flags: InitFlags, hint: RegExp])[] = [
  [{ flavour: 'go' }, /node, python/],
  [{ pm: 'cargo' }, /npm, pnpm, yarn, bun, pip, poetry, uv/],
  [{ services: 'mysql,oracle' }, /mysql, mariadb/],
  [{ services: ',' }, /mysql, mariadb/],
  [{ port: '0' }, /65535/],
  [{ port: '65536' }, /65535/],
  [{ port: '80a' }, /65535/],
  [{ domain: 'a b;' }, /app\.example\.com/],
  [{ domain: 'localhost' }, /app\.example\.com/],
  [{ domain: `${'a'.repeat(260)}.com` }, /app\.example\.com/],
]

const wrongInItsOwnWay: readonly (readonly [flags: InitFlags, code: string, hint: RegExp])[] = [
  [{ branch: 'a b' }, 'invalid_branch', /letters/],
  [{ repo: 'shop' }, 'invalid_repo', /owner\/name/],
  [{ healthPath: '/h?$(id)' }, 'invalid_health_path', /\/health/],
]

test.each(wrongInItsOwnWay)('%j is rejected with %s', async (flags, code, hint) => {
  const failure = await failureOf(() => answersOf(flags))
  expect([failure.code, failure.exitCode]).toEqual([code, 2])
  expect(failure.hint).toMatch(hint)
})

test.each(wrong)('%j is rejected with the accepted values', async (flags, hint) => {
  const failure = await failureOf(() => answersOf(flags))
  expect([failure.code, failure.exitCode]).toEqual(['invalid_option', 2])
  expect(failure.hint).toMatch(hint)
})

test('an unknown target is rejected, also in --only', async () => {
  for (const work of [() => targetsOf(['cicd'], undefined), () => targetsOf([], 'ci,x'), () => targetsOf([], '')]) {
    expect((await failureOf(work)).hint).toContain('ci, cd, docker')
  }
})

test('the targets are all, or the named ones, in a fixed order', () => {
  expect(targetsOf([], undefined)).toEqual(targets)
  expect(targetsOf(['nginx', 'CI'], 'badges , ci')).toEqual(['ci', 'nginx', 'badges'])
})

test('answers contain the given flags only', () => {
  expect(answersOf({})).toEqual({})
  expect(answersOf({ pm: 'PNPM', port: '3000', services: 'redis, none', domain: 'Shop.Example.com' })).toEqual({
    pm: 'pnpm',
    port: 3000,
    services: ['redis', 'none'],
    domain: 'shop.example.com',
  })
})

test.each([
  ['input', 2],
  ['failure', 1],
] as const)('an error of the kind %s of the scaffolder exits with %i', async (kind, exitCode) => {
  const error = new ScaffoldError('a_code', 'A message.', { hint: 'A hint.', kind })
  const failure = await failureOf(() => Promise.reject(error))
  expect(failure).toMatchObject({ code: 'a_code', message: 'A message.', hint: 'A hint.', exitCode })
})
