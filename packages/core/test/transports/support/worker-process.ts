/** A server process with a webhook, for a test to kill. Arguments: database URL, webhook URL, webhook secret. */
import { createFocus } from '../../../src/index.ts'
import { webhook } from '../../../src/transports/channels/webhook.ts'

const [, , database = '', url = '', secret = ''] = process.argv
await createFocus({
  database,
  secret: 'a secret of these tests that is long enough',
  env: {},
  transports: [webhook({ url, secret, concurrency: 2 })],
})
process.send?.('ready')
