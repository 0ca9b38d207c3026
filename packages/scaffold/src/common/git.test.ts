import { expect, test } from 'vitest'
import { gitHubSlug, isBranchName } from './git.ts'

test.each([
  ['https://github.com/acme/shop.git', 'acme/shop'],
  ['https://github.com/acme/shop', 'acme/shop'],
  ['https://github.com/acme/shop/', 'acme/shop'],
  ['https://user:token@github.com/acme/shop.git', 'acme/shop'],
  ['git+https://github.com/acme/shop.js.git', 'acme/shop.js'],
  ['git@github.com:acme/shop.git', 'acme/shop'],
  ['ssh://git@github.com/acme/shop', 'acme/shop'],
  ['git+ssh://git@github.com:22/acme/shop.git', 'acme/shop'],
  ['git://github.com/acme/shop', 'acme/shop'],
  ['github:acme/shop', 'acme/shop'],
  ['https://github.com.example.com/acme/shop', null],
  ['https://example.com/github.com/acme/shop', null],
  ['https://github.com/acme', null],
  ['https://github.com/acme/shop/tree/main', null],
  ['', null],
])('%s is %s', (url, slug) => {
  expect(gitHubSlug(url)).toBe(slug)
})

test.each([
  ['main', true],
  ['release/1.x', true],
  ['feature_a-b', true],
  ['a b', false],
  ['a]', false],
  ['-a', false],
  ['a..b', false],
  ['a/', false],
  ['${{ x }}', false],
  ['', false],
])('isBranchName(%j) is %s', (name, expected) => {
  expect(isBranchName(name)).toBe(expected)
})
