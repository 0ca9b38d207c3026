'use client'

export { FocusProvider, type FocusProviderProps } from './react/focus-provider.tsx'
export { NotificationCenter, type NotificationCenterProps } from './react/notification-center.tsx'
export type { NotificationCenterTexts } from './react/texts.ts'
export { type UseFocus, useFocus } from './react/use-focus.ts'
export { type UseNotifications, type UseNotificationsOptions, useNotifications } from './react/use-notifications.ts'
export { type UseWebSocket, type UseWebSocketOptions, useWebSocket } from './react/use-web-socket.ts'
