import type { CookieJar } from './browser.ts'
import { pathOf } from './flow.ts'
import type { TestIssuer } from './issuer.ts'

/** Starts a sign-in by navigation and has the issuer agree. Returns the path of the callback, which the browser has not visited yet. */
export async function callbackByNavigation(
  browser: CookieJar,
  issuer: Pick<TestIssuer, 'authorize'>,
  start = '/auth/google?return_to=/',
): Promise<string> {
  const started = await browser.navigate(start)
  return pathOf(await issuer.authorize(started.headers.get('location') ?? ''))
}

/** Signs in by navigation, up to the page where the sign-in ends. Returns its single-use code. */
export async function codeByNavigation(
  browser: CookieJar,
  issuer: Pick<TestIssuer, 'authorize'>,
  start?: string,
): Promise<string | null> {
  return codeIn(await browser.navigate(await callbackByNavigation(browser, issuer, start)))
}

/** Returns the single-use code in the address that a callback redirects to. */
export function codeIn(response: Response): string | null {
  return new URL(response.headers.get('location') ?? '', 'http://page.invalid').searchParams.get('focus_code')
}
