import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Frame } from '../protocol/rows.ts'
import { randomFrom } from '../testing/random.ts'
import { StackTrie } from './stack-trie.ts'

const frame = (name: string): Frame => ({ function: name, file: 'a.js', line: 1, column: 1, async: false })
/** Innermost first: `c b a` is c, called by b, called by a. */
const stack = (names: string): Frame[] => names.split(' ').map(frame)
const text = (frames: Frame[]): string => frames.map((one) => one.function).join(' ')

test('the same stack has one number, outer frames are shared', () => {
  const trie = new StackTrie()
  const first = trie.keep(stack('c b a'))
  assert.equal(trie.keep(stack('c b a')), first)
  const other = trie.keep(stack('d b a'))
  assert.notEqual(other, first)
  assert.equal(trie.size, 4)
  assert.equal(text(trie.frames(first)), 'c b a')
  assert.equal(text(trie.frames(other)), 'd b a')
})

test('frames that differ in one field alone are different', () => {
  const trie = new StackTrie()
  const numbers = [
    frame('f'),
    { ...frame('f'), async: true },
    { ...frame('f'), line: 2 },
    { ...frame('f'), column: 2 },
    { ...frame('f'), file: 'b.js' },
    frame('g'),
  ].map((one) => trie.keep([one]))
  assert.equal(new Set(numbers).size, 6)
})

test('what nobody keeps any more is used again', () => {
  const trie = new StackTrie()
  const kept = trie.keep(stack('b a'))
  for (let i = 0; i < 10_000; i++) trie.release(trie.keep(stack(`x${i} y${i} b a`)))
  assert.equal(trie.size, 2)
  assert.equal(text(trie.frames(kept)), 'b a')
  trie.release(kept)
  assert.equal(trie.size, 0)
  assert.ok(trie.bytes < 10_000)
})

test('any order of keeping and letting go leaves exactly what is kept', () => {
  const random = randomFrom(7)
  const trie = new StackTrie()
  const kept: { number: number; names: string }[] = []
  for (let i = 0; i < 20_000; i++) {
    if (kept.length > 0 && random() < 0.5) {
      const [gone] = kept.splice(Math.floor(random() * kept.length), 1)
      trie.release(gone!.number)
    } else {
      const names = Array.from({ length: 1 + Math.floor(random() * 6) }, () => 'abc'[Math.floor(random() * 3)]).join(
        ' ',
      )
      kept.push({ number: trie.keep(stack(names)), names })
    }
  }
  for (const { number, names } of kept) assert.equal(text(trie.frames(number)), names)
  const prefixes = new Set(
    kept.flatMap(({ names }) => {
      const frames = names.split(' ').reverse()
      return frames.map((_, i) => frames.slice(0, i + 1).join(' '))
    }),
  )
  assert.equal(trie.size, prefixes.size)
})
