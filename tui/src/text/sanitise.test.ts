import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sanitise, sanitiseDeep, UNSAFE_MARK } from './sanitise.ts'
import { widthOf } from './width.ts'

test('ordinary text, accents and CJK pass unchanged', () => {
  for (const text of ['GET /cart/:id', 'größe', '価格', 'a → b']) assert.equal(sanitise(text), text)
})

test('every C0 and C1 control, and DEL, becomes one visible mark', () => {
  for (let code = 0; code < 0xa0; code++) {
    if ((code >= 0x20 && code < 0x7f) || code === 0x09) continue
    assert.equal(sanitise(`a${String.fromCharCode(code)}b`), `a${UNSAFE_MARK}b`, `code ${code}`)
  }
  assert.equal(sanitise('a\tb'), 'a b')
})

test('an escape sequence can not reach a terminal', () => {
  assert.equal(sanitise('\x1b]0;owned\x07\x1b[2J'), `${UNSAFE_MARK}]0;owned${UNSAFE_MARK}${UNSAFE_MARK}[2J`)
})

test('bidi controls, zero-width characters, line separators and lone surrogates are marked', () => {
  for (const character of [
    '\u202e',
    '\u2066',
    '\u200b',
    '\u200f',
    '\ufeff',
    '\u2028',
    '\u2029',
    '\ud800',
    '\u00ad',
    '\u{e0041}',
  ]) {
    assert.equal(sanitise(`x${character}y`), `x${UNSAFE_MARK}y`, character.codePointAt(0)!.toString(16))
  }
})

test('stacked combining marks can not overflow a cell', () => {
  assert.equal(sanitise('e\u0301'), 'é')
  const zalgo = sanitise(`a${'\u0335'.repeat(20)}`)
  assert.equal(widthOf(zalgo), [...zalgo].length)
  assert.doesNotMatch(zalgo, /\p{M}/u)
})

test('a message is cleaned at any depth, keys too', () => {
  const dirty = { 'a\x1b': [{ b: 'x\x07', n: 1, nothing: null }] }
  assert.deepEqual(sanitiseDeep(dirty), { [`a${UNSAFE_MARK}`]: [{ b: `x${UNSAFE_MARK}`, n: 1, nothing: null }] })
})
