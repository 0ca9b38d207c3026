import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { codeBlocks, guideText } from './guide.ts'

test('the guide is the text that today’s users follow, byte for byte', () => {
  const digest = createHash('sha256').update(guideText).digest('hex')
  expect(digest).toBe('6a9ecb87024e26721a05492f9a3bb866ee51d0d2c2130474dc0c51f23437cbc2')
})

test('every code block is found, with its language and its place', () => {
  const languages = codeBlocks.map((block) => block.language)
  expect(languages.filter((language) => language === 'javascript')).toHaveLength(7)
  expect(languages.filter((language) => language === 'json')).toHaveLength(9)
  expect(languages.filter((language) => language === 'python')).toHaveLength(2)
  expect(codeBlocks.find((block) => block.label === 'Heartbeat')?.headings.at(-1)).toBe('1. Messages reçus du serveur')
})
