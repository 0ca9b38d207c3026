import { afterAll } from 'vitest'
import { type App, type AppOptions, startApp } from './app.ts'
import { TestIssuer } from './issuer.ts'

/** Starts an issuer that all tests of a file share; it closes after them. */
export async function sharedIssuer(clock?: () => number): Promise<TestIssuer> {
  const issuer = await TestIssuer.start()
  if (clock) issuer.clock = clock
  afterAll(() => issuer.close())
  return issuer
}

/** Starts an app that all tests of a file share; it closes after them, and before an issuer that was started before it. */
export async function sharedApp(options: AppOptions): Promise<App> {
  const app = await startApp(options)
  afterAll(() => app.close())
  return app
}
