import { describe, expect, test } from 'vitest'
import { claimsOf, personNamed, personOfSubject } from './person.ts'

describe('personNamed', () => {
  test('derives everything from the typed name', () => {
    expect(personNamed('Zoé Martin')).toMatchObject({
      name: 'Zoé Martin',
      givenName: 'Zoé',
      username: 'zoe.martin',
      email: 'zoe.martin@example.com',
    })
  })

  test.each([' alice ', 'ALICE', 'alice@example.com', 'Alice@Example.com'])('%j is alice', (typed) => {
    expect(personNamed(typed)).toEqual(personNamed('alice'))
  })

  test('another domain is another person with the same user name', () => {
    const other = personNamed('alice@focus.test')
    expect(other).toMatchObject({ username: 'alice', email: 'alice@focus.test' })
    expect(other?.subject).not.toBe(personNamed('alice')?.subject)
  })

  test('keeps the underscore of the guide’s john_doe', () => {
    expect(personNamed('john_doe')).toMatchObject({ username: 'john_doe', name: 'John Doe' })
  })

  test('a name in another script gets a unique user name', () => {
    const person = personNamed('李明')
    expect(person?.name).toBe('李明')
    expect(person?.username).toMatch(/^u[\da-f]{8}$/)
    expect(person?.username).not.toBe(personNamed('محمد')?.username)
  })

  test.each(['', '   ', '@example.com', '…', 'a\u0000b', 'x'.repeat(61)])('%j is not a person', (typed) => {
    expect(personNamed(typed)).toBeNull()
  })
})

describe('personOfSubject', () => {
  test.each(['alice', 'Zoé Martin', 'john_doe', 'alice@focus.test', '李明'])('finds %s again', (typed) => {
    const person = personNamed(typed)
    expect(person && personOfSubject(person.subject)).toEqual(person)
  })

  test.each(['', 'dev-', 'alice', 'dev-!!', `dev-${Buffer.from('ALICE').toString('base64url')}`])(
    '%j is not a person’s',
    (subject) => {
      expect(personOfSubject(subject)).toBeNull()
    },
  )
})

test('the claims say that the domain vouches for the address', () => {
  const person = personNamed('alice')
  expect(person && claimsOf(person, 'http://127.0.0.1:9')).toMatchObject({
    preferred_username: 'alice',
    email: 'alice@example.com',
    email_verified: true,
    hd: 'example.com',
    picture: expect.stringMatching(/^http:\/\/127\.0\.0\.1:9\/avatar\/dev-/),
  })
})
