import { createFocusClient } from '@focus-api/client'
import { FocusProvider, NotificationCenter, useFocus, useWebSocket } from '@focus-api/client/react'
import { StrictMode, useEffect, useState } from 'react'
import { createRoot } from 'react-dom/client'

const parameters = new URL(location.href).searchParams
const url = parameters.get('api') ?? '/api'
const client = createFocusClient({ url, locale: parameters.get('locale') ?? 'fr' })

function Greeting() {
  const { user, isReady, signIn, signOut, signInError } = useFocus()
  if (!isReady) return <p>…</p>
  if (signInError) return <p role="alert">{signInError.code}</p>
  if (!user) {
    return (
      <button type="button" onClick={() => void signIn('google', { loginHint: parameters.get('name') ?? 'alice' })}>
        Sign in
      </button>
    )
  }
  return (
    <p>
      Hello {user.fullName}
      <button type="button" onClick={() => void signOut()}>
        Sign out
      </button>
    </p>
  )
}

function Guide() {
  const [token, setToken] = useState<string | null>(null)
  useEffect(() => {
    void client.accessToken().then(setToken)
  }, [])
  const { notifications, isConnected, ws } = useWebSocket(token, { url })
  return (
    <div>
      <p>Status: {isConnected ? 'Connecté' : 'Déconnecté'}</p>
      <p>Socket: {ws?.readyState}</p>
      {notifications.map((notification, index) => (
        <h3 key={index}>{notification.title}</h3>
      ))}
    </div>
  )
}

const root = document.getElementById('root')
if (!root) throw new Error('The page has no #root.')
createRoot(root).render(
  <StrictMode>
    {parameters.has('guide') ? (
      <Guide />
    ) : (
      <FocusProvider client={client}>
        <Greeting />
        <NotificationCenter />
        <p>outside</p>
      </FocusProvider>
    )}
  </StrictMode>,
)
