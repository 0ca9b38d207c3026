import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { asyncApi } from '../../scripts/async-api.ts'
import { protocolDocument } from '../../scripts/protocol-document.ts'
import { examples } from '../../scripts/protocol-examples.ts'
import { clientActions, parseAction } from '../../src/realtime/protocol/actions.ts'
import { serverMessages } from '../../src/realtime/protocol/messages.ts'

const shipped = (name: string) => readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8')

describe('the protocol documents are generated from the schemas', () => {
  test('PROTOCOL.md is up to date (npm run protocol)', () => {
    expect(shipped('PROTOCOL.md')).toBe(protocolDocument())
  })

  test('asyncapi.json is up to date', () => {
    expect(shipped('asyncapi.json')).toBe(asyncApi())
  })

  test.each(Object.entries(serverMessages))('the example of %s is valid', (name, schema) => {
    expect(schema.strict().safeParse(examples.server[name])).toMatchObject({ success: true })
  })

  test.each(Object.keys(clientActions))('the example of the action %s is valid', (name) => {
    expect(parseAction(JSON.stringify(examples.client[name]))).toMatchObject({ ok: true })
  })
})
