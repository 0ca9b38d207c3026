import { describe, expect, test } from 'vitest'
import { decide, type Situation } from './state.ts'

const base = 'one\ntwo\nthree\nfour\nfive\n'
const rendered = 'ONE\ntwo\nthree\nfour\nfive\n'
const edited = 'one\ntwo\nthree\nfour\nFIVE\n'
const clashing = 'eins\ntwo\nthree\nfour\nfive\n'

function of(situation: Partial<Situation>) {
  return decide({
    disk: undefined,
    rendered,
    entry: { base },
    conflictOpen: false,
    force: false,
    restore: false,
    accepts: () => true,
    ...situation,
  })
}

describe('a file that does not exist', () => {
  test('is created once', () => {
    expect(of({ entry: undefined })).toEqual({ state: 'create', write: rendered, entry: { base: rendered } })
  })
  test('stays deleted', () => {
    expect(of({})).toEqual({ state: 'deleted-by-user', entry: { base } })
    expect(of({ force: true }).state).toBe('deleted-by-user')
    expect(of({ restore: true })).toMatchObject({ state: 'create', write: rendered })
  })
})

describe('a foreign file', () => {
  test('is left unchanged', () => {
    expect(of({ disk: 'x', entry: undefined })).toEqual({ state: 'foreign' })
    expect(of({ disk: 'x', entry: undefined, restore: true })).toEqual({ state: 'foreign' })
  })
  test('is adopted when its text is the same', () => {
    expect(of({ disk: rendered, entry: undefined })).toEqual({ state: 'unchanged', entry: { base: rendered } })
  })
  test('is replaced by force, and a copy is kept', () => {
    expect(of({ disk: 'x', entry: undefined, force: true })).toMatchObject({
      state: 'update',
      keepCopy: true,
      write: rendered,
    })
  })
})

describe('a generated file', () => {
  test('is updated when it is unedited', () => {
    expect(of({ disk: base })).toEqual({ state: 'update', write: rendered, entry: { base: rendered } })
  })
  test('keeps its edits while the generated text is the same', () => {
    expect(of({ disk: edited, rendered: base })).toEqual({ state: 'unchanged', entry: { base } })
    expect(of({ disk: edited, rendered: base, force: true })).toEqual({ state: 'unchanged', entry: { base } })
  })
  test('is merged', () => {
    expect(of({ disk: edited })).toEqual({
      state: 'merge',
      write: 'ONE\ntwo\nthree\nfour\nFIVE\n',
      entry: { base: rendered },
    })
  })
  test('is in conflict when both changed a line', () => {
    expect(of({ disk: clashing })).toEqual({
      state: 'conflict',
      conflictCopy: rendered,
      entry: { base, pending: rendered },
    })
  })
  test('is in conflict when the merge is not acceptable', () => {
    expect(of({ disk: edited, accepts: () => false })).toMatchObject({ state: 'conflict', conflictCopy: rendered })
  })
  test('is replaced by force in a conflict, and a copy is kept', () => {
    expect(of({ disk: clashing, force: true })).toMatchObject({ state: 'update', keepCopy: true, write: rendered })
  })
  test('has its conflict resolved when the copy is deleted', () => {
    const entry = { base, pending: rendered }
    expect(of({ disk: clashing, entry, conflictOpen: true }).state).toBe('conflict')
    expect(of({ disk: clashing, entry })).toEqual({ state: 'unchanged', entry: { base: rendered } })
  })
})
