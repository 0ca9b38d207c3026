import type { Page } from 'playwright-core'

/** Fills in the page of the development issuer, which asks only for a name. */
export async function signInAs(page: Page, name: string): Promise<void> {
  await page.getByRole('textbox').first().fill(name)
  await page.getByRole('button').first().click()
}
