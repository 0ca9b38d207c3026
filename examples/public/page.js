// The browser's part, without a library. `@focus-api/client` also refreshes tokens, reconnects and resumes.
const byId = (id) => document.getElementById(id)

async function signedInSession() {
  const address = new URL(location.href)
  const code = address.searchParams.get('focus_code')
  if (code === null) return JSON.parse(sessionStorage.getItem('session') ?? 'null')
  history.replaceState(null, '', '/')
  const response = await fetch('/api/auth/token', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ focus_code: code }),
  })
  if (!response.ok) return null
  const session = await response.json()
  sessionStorage.setItem('session', JSON.stringify(session))
  return session
}

const session = await signedInSession()
if (session !== null) {
  byId('signed-out').hidden = true
  byId('signed-in').hidden = false
  byId('name').textContent = session.user.full_name ?? session.user.username

  const socket = new WebSocket(`/api/ws/notifications?token=${session.access_token}`)
  socket.onmessage = ({ data }) => {
    const message = JSON.parse(data)
    if (message.type !== 'notification') return
    const item = document.createElement('li')
    item.textContent = `${message.title}: ${message.message}`
    byId('notifications').prepend(item)
  }

  byId('record').onclick = () =>
    fetch('/activities', {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${session.access_token}` },
      body: JSON.stringify({ app_name: 'Instagram', duration_minutes: 45 }),
    })
}
