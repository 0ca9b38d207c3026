import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { focusJson } from '@focus-api/test-kit/focus/focus-dev'
import { type Harness, startHarness } from './harness.ts'

let harness: Harness

beforeAll(async () => {
  harness = await startHarness()
})
afterAll(() => harness.stop())

async function open(name: string, query: Record<string, string> = {}) {
  const context = await harness.browser.newContext()
  onTestFinished(() => context.close())
  return harness.open(context, 'react', { name, ...query })
}

async function signIn(page: Page, name: string): Promise<void> {
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByText(`Hello ${name}`, { exact: false }).waitFor()
}

const notify = (name: string, title: string) =>
  focusJson(harness.server, ['notify', name, '--title', title, '--message', 'M'])

describe('the notification centre', () => {
  test('counts, announces, shows and marks notifications, also with the keyboard', async () => {
    const { page, complaints, sockets } = await open('alice')
    await signIn(page, 'Alice')
    const bell = page.getByRole('button', { name: 'Notifications', exact: true })
    await bell.waitFor()
    expect(await bell.getAttribute('aria-expanded')).toBe('false')

    await notify('alice', 'Premier')
    await page.getByRole('button', { name: 'Notifications, 1 non lue' }).waitFor()
    await page
      .getByRole('status')
      .filter({ hasText: /^Premier\. M$/ })
      .waitFor({ state: 'attached' })
    await notify('alice', 'Second')
    await page.getByRole('button', { name: 'Notifications, 2 non lues' }).focus()
    await page.keyboard.press('Enter')
    const panel = page.getByRole('region', { name: 'Notifications' })
    const titles = panel.getByRole('listitem').locator('strong')
    await expect.poll(() => titles.allTextContents()).toEqual(['Second', 'Premier'])
    expect(await panel.getByRole('img', { name: 'Non lue' }).count()).toBe(2)

    await panel.getByRole('button', { name: /Premier/ }).click()
    await page.getByRole('button', { name: 'Notifications, 1 non lue' }).waitFor()
    await panel.getByRole('button', { name: 'Tout marquer comme lu' }).click()
    await bell.waitFor()
    expect(await panel.getByRole('img', { name: 'Non lue' }).count()).toBe(0)

    await page.keyboard.press('Escape')
    await panel.waitFor({ state: 'hidden' })
    expect(await bell.evaluate((element) => element === document.activeElement)).toBe(true)
    await bell.click()
    await page.getByText('outside').click()
    await panel.waitFor({ state: 'hidden' })

    // One socket, although StrictMode mounts every component twice.
    expect(sockets).toHaveLength(1)
    expect(complaints).toEqual([])
  })

  test('shows the inbox in English after a reload', async () => {
    const { page } = await open('bob', { locale: 'en' })
    await signIn(page, 'Bob')
    for (let n = 0; n < 3; n += 1) await notify('bob', `n${n}`)
    await page.getByRole('button', { name: 'Notifications, 3 unread' }).click()
    await page.reload()
    await page.getByRole('button', { name: 'Notifications, 3 unread' }).click()
    await page.getByText('Mark all as read').waitFor()
    await expect.poll(() => page.getByRole('listitem').locator('strong').allTextContents()).toEqual(['n2', 'n1', 'n0'])
  })

  test.each([
    ['en_GB', 'unread', 'Dora'],
    ['no language', 'non lue', 'Ella'],
  ])('R19: shows its list with the locale %j', async (locale, unread, fullName) => {
    const name = fullName.toLowerCase()
    const { page, complaints } = await open(name, { locale })
    await signIn(page, fullName)
    await notify(name, 'Premier')
    await page.getByRole('button', { name: `Notifications, 1 ${unread}` }).click()
    await page.getByRole('listitem').locator('time').waitFor()
    expect(complaints).toEqual([])
  })

  test('is empty again after a sign-out', async () => {
    const { page, complaints } = await open('carol')
    await signIn(page, 'Carol')
    await notify('carol', 'Secret')
    await page.getByRole('button', { name: 'Notifications, 1 non lue' }).click()
    await page.getByRole('listitem').first().waitFor()
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.getByRole('button', { name: 'Notifications', exact: true }).click()
    await page.getByText('Aucune notification').waitFor()
    expect(await page.getByRole('listitem').count()).toBe(0)
    expect(complaints).toEqual([])
  })
})

describe('useWebSocket', () => {
  test('returns the same results as the hook of the guide', async () => {
    const context = await harness.browser.newContext()
    onTestFinished(() => context.close())
    const first = await harness.open(context, 'react', { name: 'hugo' })
    await signIn(first.page, 'Hugo')
    const { page, complaints, sockets } = await harness.open(context, 'react', { guide: '' })
    await page.getByText('Status: Connecté').waitFor()
    await page.getByText('Socket: 1').waitFor()
    await notify('hugo', 'Un')
    await notify('hugo', 'Deux')
    await page.getByText('Deux').waitFor()
    await expect.poll(() => page.locator('h3').allTextContents()).toEqual(['Un', 'Deux'])
    expect(sockets).toHaveLength(1)
    expect(complaints).toEqual([])
  })
})
