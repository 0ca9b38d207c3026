import { expect, test } from 'vitest'
import { openDatabase } from '../../../src/storage/database.ts'
import { startApp } from '../support/app.ts'
import { CookieJar } from '../support/browser.ts'
import { callbackFor, signIn } from '../support/flow.ts'
import { googleAt } from '../support/google.ts'
import { TestIssuer } from '../support/issuer.ts'
import { callbackByNavigation, codeIn } from '../support/navigation.ts'

test('a sign-in of a known user costs a fixed number of queries', async () => {
  const issuer = await TestIssuer.start()
  const database = await openDatabase('sqlite::memory:')
  let queries = 0
  const counting = database.db.withPlugin({
    transformQuery: ({ node }) => {
      queries += 1
      return node
    },
    transformResult: async ({ result }) => result,
  })
  const app = await startApp({ database: { ...database, db: counting }, config: { providers: [googleAt(issuer)] } })
  await signIn(app, issuer)

  const callback = await callbackFor(app, issuer)
  queries = 0
  expect((await app.request(callback)).status).toBe(200)
  expect(queries).toBe(10)

  const browser = new CookieJar(app)
  const due = await callbackByNavigation(browser, issuer)
  queries = 0
  const code = codeIn(await browser.navigate(due))
  expect(queries).toBe(7)
  expect((await browser.send('/auth/token', { body: { focus_code: code } })).status).toBe(200)
  expect(queries).toBe(16)

  await app.close()
  await database.close()
  await issuer.close()
})
