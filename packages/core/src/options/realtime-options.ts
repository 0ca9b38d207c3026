import { defaultLimits } from '../realtime/realtime-limits.ts'
import * as forms from '../schema/option-forms.ts'
import { optionTable } from '../schema/option-table.ts'

export const realtimeOptions = optionTable({
  enabled: {
    path: 'websocket.enabled',
    env: ['WEBSOCKET_ENABLED'],
    form: forms.flag,
    default: true,
    about: 'the WebSocket as a whole',
  },
  heartbeatIntervalMs: {
    path: 'websocket.heartbeatIntervalSeconds',
    env: ['WEBSOCKET_HEARTBEAT_INTERVAL'],
    form: forms.asMilliseconds(forms.whole('seconds', 1, 3_600)),
    default: 30,
    about: 'time between heartbeats; must be shorter than the idle time-out of every proxy in front',
  },
  limits: {
    path: 'websocket.limits',
    limits: defaultLimits,
    defaultText: '[limits.md](limits.md)',
    about: 'what one client, one user and one node may use',
  },
  stats: {
    path: 'stats',
    env: ['FOCUS_STATS'],
    form: forms.choice('admin', 'public'),
    default: 'admin',
    about:
      'who may read `GET /api/ws/stats`: holders of the admin key, or all; public under `focus dev` on this machine',
  },
})
