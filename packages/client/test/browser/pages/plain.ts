import { createFocusClient, type FocusClient } from '@focus-api/client'

declare global {
  interface Window {
    focusClient: FocusClient
    received: string[]
    states: string[]
    problem: string | null
  }
}

const parameters = new URL(location.href).searchParams
const url = parameters.get('api') ?? '/api'

window.focusClient = createFocusClient({ url, refreshDelivery: parameters.has('cookie') ? 'cookie' : 'body' })
window.received = []
window.states = []
window.problem = null

const { notifications } = window.focusClient
notifications.on('notification', ({ title }) => window.received.push(title))
notifications.on('state', ({ status }) => window.states.push(status))

await window.focusClient.completeSignIn().catch((error: Error & { code: string }) => {
  window.problem = error.code
})
notifications.connect()
document.title = 'ready'
