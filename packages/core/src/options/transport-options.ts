import { z } from 'zod'
import type { Escalation, Routing } from '../notifications/ports.ts'
import * as forms from '../schema/option-forms.ts'
import { optionTable } from '../schema/option-table.ts'
import type { Transport } from '../transports/transport.ts'

const steps = z.array(z.looseObject({ to: z.string() }))
const rule = z.strictObject({
  transports: z.array(z.string()).optional(),
  escalate: steps.optional(),
  critical: z.boolean().optional(),
})

export const transportOptions = optionTable({
  transports: {
    path: 'transports',
    form: forms.namedObjectsWith<Transport>('transports such as slack({ … })', 'deliver'),
    default: [],
    about: 'other ways to deliver notifications; [transports.md](transports.md)',
  },
  slackWebhook: {
    env: ['SLACK_WEBHOOK', 'SLACK_WEBHOOK_URL'],
    form: forms.slackWebhook,
    default: null,
    about: 'address of a Slack webhook; adds the transport `slack`',
  },
  smtpUrl: {
    env: ['SMTP_URL'],
    form: forms.smtpUrl,
    default: null,
    about: '`smtp://user:password@host:587`; adds the transport `email`, which needs the package `nodemailer`',
  },
  routingTransports: {
    path: 'routing.transports',
    form: forms.texts,
    default: null,
    defaultText: 'all of them',
    about: 'transports of a notification that names none',
  },
  routingEscalate: {
    path: 'routing.escalate',
    form: {
      accepts: 'a list of steps such as { to: "email", after: "10m" }',
      schema: steps as unknown as z.ZodType<readonly Escalation[]>,
    },
    default: null,
    about: 'transports that are used later if a notification is still unread',
  },
  routingCritical: {
    path: 'routing.critical',
    form: forms.yesOrNo,
    default: false,
    about: 'sends notifications even if users switched them off',
  },
  routingTopics: {
    path: 'routing.topics',
    form: forms.record(
      'an object of topics, each with transports, escalate or critical',
      rule as unknown as z.ZodType<Routing>,
    ),
    default: null,
    about: 'the same three options by topic',
  },
})
