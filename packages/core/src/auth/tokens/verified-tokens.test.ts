import { expect, test } from 'vitest'
import { heapAfterCollection } from '@focus-api/test-kit/processes/heap'
import { manualClock } from '../../testing/manual-clock.ts'
import type { EndedSessions } from '../sessions/ended-sessions.ts'
import { VerifiedTokens } from './verified-tokens.ts'

const clock = manualClock()
const noneEnded = { has: () => false } as Pick<EndedSessions, 'has'> as EndedSessions
const principal = { userKey: '1', userId: 1, sessionId: 's', scopes: [], expiresAt: clock() + 60_000 }

/** Verifies a token and returns how often it had to be checked. */
async function checks(tokens: VerifiedTokens, token: string): Promise<number> {
  let count = 0
  await tokens.principalOf(token, async () => {
    count += 1
    return principal
  })
  return count
}

test('a token is checked once', async () => {
  const tokens = new VerifiedTokens(clock, noneEnded)
  expect(tokens.known('header.claims.signature')).toBeNull()
  expect(await checks(tokens, 'header.claims.signature')).toBe(1)
  for (let round = 0; round < 3; round += 1) {
    expect(tokens.known('header.claims.signature')).toBe(principal)
    expect(await checks(tokens, 'header.claims.signature')).toBe(0)
  }
  tokens.clear()
  expect(tokens.known('header.claims.signature')).toBeNull()
})

test('S35 a token that differs from a known one in any character is checked', async () => {
  const tokens = new VerifiedTokens(clock, noneEnded)
  const token = 'header.claims.signature'
  await checks(tokens, token)
  tokens.known(token)
  for (let at = 0; at < token.length; at += 1) {
    const forged = `${token.slice(0, at)}X${token.slice(at + 1)}`
    expect(tokens.known(forged)).toBeNull()
  }
  expect(await checks(tokens, `${token}X`)).toBe(1)
})

test('a failed check is not remembered', async () => {
  const tokens = new VerifiedTokens(clock, noneEnded)
  await expect(tokens.principalOf('token', () => Promise.reject(new Error('forged')))).rejects.toThrow('forged')
  expect(tokens.known('token')).toBeNull()
})

test('a token whose check was running when the cache was cleared is checked again', async () => {
  const tokens = new VerifiedTokens(clock, noneEnded)
  const running = Promise.withResolvers<typeof principal>()
  let checked = 0
  const answer = tokens.principalOf('token', () => {
    checked += 1
    return checked === 1 ? running.promise : Promise.reject(new Error('the key has retired'))
  })
  tokens.clear()
  running.resolve(principal)
  await expect(answer).rejects.toThrow('the key has retired')
  expect(tokens.known('token')).toBeNull()
})

test('many long tokens take a bounded memory, however often they are used', async () => {
  const tokens = new VerifiedTokens(clock, noneEnded)
  const before = heapAfterCollection()
  for (let index = 0; index < 5_000; index += 1) {
    const token = Buffer.alloc(8_000, index.toString(36).padStart(6, '0')).toString('latin1')
    for (let use = 0; use < 3; use += 1) await checks(tokens, token)
  }
  // The tokens themselves have 40 MB.
  expect(heapAfterCollection() - before).toBeLessThan(8_000_000)
  expect(tokens.known('one more')).toBeNull()
})
