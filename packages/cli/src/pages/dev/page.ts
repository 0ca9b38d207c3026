import { createFocusClient, FocusClientError, type FocusUser } from '@focus-api/client'
import { element } from '../elements.ts'
import { NotificationListView } from './notification-list.ts'
import { pageTexts } from './page-texts.ts'

/** The page of `focus dev`. It uses `@focus-api/client` only, so any page can do the same. */
const texts = pageTexts[document.documentElement.lang === 'en' ? 'en' : 'fr']
const focus = createFocusClient({ locale: document.documentElement.lang })
const view = new NotificationListView(element('notifications', HTMLElement), texts, (id) => {
  focus.notifications.markRead(id).catch((error: unknown) => showFailure('', error))
})

const signedOut = element('signed-out', HTMLElement)
const signedIn = element('signed-in', HTMLElement)
const failure = element('failure', HTMLElement)
const listTitle = element('list-title', HTMLElement)

function showUser(user: FocusUser | null): void {
  signedOut.hidden = user !== null
  signedIn.hidden = user === null
  element('state', HTMLElement).hidden = user === null
  if (user === null) {
    view.clear()
    return
  }
  element('person-name', HTMLElement).textContent = user.fullName ?? user.username
  element('person-email', HTMLElement).textContent = user.email ?? ''
  const picture = element('person-picture', HTMLImageElement)
  picture.hidden = user.avatarUrl === null
  if (user.avatarUrl !== null) picture.src = user.avatarUrl
  element('command', HTMLElement).textContent = `npx focus notify ${user.username} ${texts.sample}`
}

function showState(status: string): void {
  const known = Object.hasOwn(texts.states, status) ? (status as keyof typeof texts.states) : 'idle'
  element('state', HTMLElement).dataset.state = known
  element('state-text', HTMLElement).textContent = texts.states[known]
  element('retry', HTMLElement).hidden = known !== 'reconnecting'
}

function showUnread(count: number): void {
  element('unread', HTMLElement).hidden = count === 0
  const readAll = element('read-all', HTMLElement)
  if (count === 0 && document.activeElement === readAll) listTitle.focus()
  readAll.hidden = count === 0
  element('unread-count', HTMLElement).textContent = String(count)
  document.title = count === 0 ? texts.title : `(${count}) ${texts.title}`
}

function showFailure(before: string, error: unknown): void {
  const refused = error instanceof FocusClientError && error.code === 'access_denied'
  failure.textContent = refused
    ? texts.failures.refused
    : `${before} ${error instanceof Error ? error.message : String(error)}`
  failure.hidden = false
}

/**
 * Handles a press of a button: clears the earlier error and shows a new one. The keyboard focus stays, or moves to
 * `next` when the button disappears.
 */
function onPress(
  button: HTMLButtonElement,
  before: string,
  work: () => Promise<void>,
  next: () => HTMLElement = () => listTitle,
): void {
  button.addEventListener('click', () => {
    failure.hidden = true
    button.disabled = true
    work()
      .catch((error: unknown) => showFailure(before, error))
      .finally(() => {
        button.disabled = false
        // A disabled or hidden button loses the focus to the body in the next frame. Otherwise the user has moved the
        // focus.
        const { activeElement } = document
        if (activeElement !== document.body && activeElement !== button) return
        const goesOn = button.checkVisibility() ? button : next()
        goesOn.focus()
      })
  })
}

async function sendSample(sample: string): Promise<void> {
  const response = await focus.fetch('/focus-page/notifications', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ sample, locale: document.documentElement.lang }),
  })
  if (response.ok) return
  const problem: unknown = await response.json().catch(() => null)
  const detail: unknown = typeof problem === 'object' && problem !== null ? Reflect.get(problem, 'detail') : null
  throw new Error(typeof detail === 'string' ? detail : `HTTP ${response.status}`)
}

async function copyCommand(): Promise<void> {
  await navigator.clipboard.writeText(element('command', HTMLElement).textContent)
  const copy = element('copy', HTMLButtonElement)
  copy.textContent = texts.copied
  setTimeout(() => {
    copy.textContent = texts.copy
  }, 2_000)
}

const signInButton = document.getElementById('sign-in')
if (signInButton instanceof HTMLButtonElement) {
  onPress(signInButton, texts.failures.signIn, () => focus.signIn('google', { returnTo: '/' }))
}
onPress(
  element('sign-out', HTMLButtonElement),
  '',
  () => focus.signOut(),
  () => signInButton ?? element('welcome', HTMLElement),
)
onPress(element('read-all', HTMLButtonElement), '', async () => {
  await focus.notifications.markAllRead()
})
onPress(element('more', HTMLButtonElement), texts.failures.load, () => focus.notifications.list.loadMore())
onPress(element('retry', HTMLButtonElement), '', async () => focus.notifications.retry())
onPress(element('copy', HTMLButtonElement), '', copyCommand)
for (const button of document.querySelectorAll<HTMLButtonElement>('button[data-sample]')) {
  onPress(button, texts.failures.send, () => sendSample(button.dataset.sample ?? ''))
}

focus.onAuthChange(showUser)
focus.notifications.on('state', ({ status }) => showState(status))
focus.notifications.on('unread', showUnread)
focus.notifications.list.subscribe(({ items, isLoading, hasMore, error }) => {
  element('empty', HTMLElement).hidden = items.length > 0
  element('more', HTMLElement).hidden = !hasMore
  if (error !== null) showFailure(texts.failures.load, error)
  view.show(items, isLoading)
})

try {
  await focus.completeSignIn()
} catch (error) {
  showFailure(texts.failures.signIn, error)
}
showUser(focus.user)
focus.notifications.connect()
