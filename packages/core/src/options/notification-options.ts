import { z } from 'zod'
import type { Definition } from '../notifications/catalogue/definition.ts'
import * as forms from '../schema/option-forms.ts'
import { optionTable } from '../schema/option-table.ts'
import { notificationLogDefaults } from '../storage/log/notification-log.ts'

const definition = z.custom<Definition>((value) => typeof value === 'object' && value !== null && !Array.isArray(value))

export const notificationOptions = optionTable({
  unknownUsers: {
    path: 'notifications.unknownUsers',
    form: forms.choice('refuse', 'accept'),
    default: null,
    defaultText: '`refuse`',
    about: 'what happens to notifications for ids that the user directory does not know',
  },
  maxPerUser: {
    path: 'notifications.maxPerUser',
    form: forms.count('notifications'),
    default: notificationLogDefaults.maxPerStream,
    about: 'notifications kept for each user, and broadcasts; the oldest are removed first',
  },
  maxAgeMs: {
    path: 'notifications.maxAge',
    form: forms.duration,
    default: notificationLogDefaults.maxAgeMs,
    about: 'how long notifications are kept',
  },
  catalogue: {
    path: 'catalogue',
    form: forms.record('what defineNotifications() returns', definition),
    default: {},
    about: 'what `defineNotifications()` returns; [notifications.md](notifications.md)',
  },
})
