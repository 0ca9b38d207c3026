import { expect, test } from 'vitest'
import type { DeliveryRecipient } from '../transport.ts'
import { RecipientCache } from './recipient-cache.ts'

/** A directory whose user has an address that a test changes, and whose reads can be held. */
function cacheOfOne() {
  const state = { email: 'old@example.com', reads: 0, held: Promise.resolve() }
  const find = async (): Promise<DeliveryRecipient> => {
    state.reads += 1
    const { email } = state
    await state.held
    const user = { key: '1', id: 1, email, emailVerified: true, fullName: null, locale: null }
    return { user, reachable: true }
  }
  return { state, cache: new RecipientCache(find, () => 0) }
}

test('reads a user once, and again after a change', async () => {
  const { state, cache } = cacheOfOne()
  await cache.get('1')
  state.email = 'new@example.com'
  expect((await cache.get('1')).user.email).toBe('old@example.com')
  cache.forget('2')
  expect((await cache.get('1')).user.email).toBe('old@example.com')
  cache.forget('1')
  expect((await cache.get('1')).user.email).toBe('new@example.com')
  expect(state.reads).toBe(2)
})

test('does not keep a user who changed during the read', async () => {
  const { state, cache } = cacheOfOne()
  const hold = Promise.withResolvers<void>()
  state.held = hold.promise
  const reading = cache.get('1')
  state.email = 'new@example.com'
  cache.forget('1')
  hold.resolve()
  expect((await reading).user.email).toBe('old@example.com')
  expect((await cache.get('1')).user.email).toBe('new@example.com')
})
