import { afterEach, expect, test, vi } from 'vitest'
import { FocusError } from '../../common/errors.ts'
import { sayingUnavailable } from './unavailable.ts'

class Store {
  readonly #name = 'private'
  readonly size = 3

  nameOf(): Promise<string> {
    return Promise.resolve(this.#name)
  }

  fail(error: Error): Promise<never> {
    return Promise.reject(error)
  }

  run(work: () => Promise<unknown>): Promise<unknown> {
    return work()
  }
}

const coded = (code: string) => Object.assign(new Error(`${code} at 10.0.0.7`), { code })

test.each(['ECONNREFUSED', 'PROTOCOL_CONNECTION_LOST', 'SQLITE_FULL', 'SQLITE_BUSY', 'SQLITE_READONLY'])(
  '%s of a driver is storage_unavailable, without what the driver says of hosts',
  async (code) => {
    const error = await sayingUnavailable(new Store())
      .fail(coded(code))
      .catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'storage_unavailable', status: 503, retryAfterSeconds: 5 })
    expect(String(error)).toContain(code)
    expect(String(error)).not.toContain('10.0.0.7')
  },
)

afterEach(() => {
  vi.useRealTimers()
})

test('a database that hangs is storage_unavailable after a bounded time, where somebody waits', async () => {
  vi.useFakeTimers()
  const store = sayingUnavailable(new Store(), { unbounded: ['run'] })
  const never = () => new Promise<never>(() => undefined)
  const hung = expect(sayingUnavailable(new Store()).run(never)).rejects.toMatchObject({ code: 'storage_unavailable' })
  let ended = false
  void store.run(never).finally(() => (ended = true))
  await vi.advanceTimersByTimeAsync(60_000)
  await hung
  expect(ended).toBe(false)
})

test('other errors, values and a caller’s own work pass as they are', async () => {
  const store = sayingUnavailable(new Store(), { asTheyAre: ['run'] })
  const mine = coded('ECONNREFUSED')
  await expect(store.run(() => Promise.reject(mine))).rejects.toBe(mine)
  const statement = coded('ER_DUP_ENTRY')
  await expect(store.fail(statement)).rejects.toBe(statement)
  const said = new FocusError('unknown_user', 'Nobody.')
  await expect(store.fail(said)).rejects.toBe(said)
  expect([await store.nameOf(), store.size]).toEqual(['private', 3])
})
