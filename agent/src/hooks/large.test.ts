/** TextDecoder and Array.prototype.sort as wrapped: nobody can tell, but a capture (collector/src/model/stacks.test.ts). */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { HookContext } from './hook.ts'
import { large } from './large.ts'
import { LARGE } from './support/landing.ts'

const targets: [object, string][] = [
  [TextDecoder.prototype, 'decode'],
  [Array.prototype, 'sort'],
]
const describe = (): PropertyDescriptor[] =>
  targets.map(([target, name]) => Object.getOwnPropertyDescriptor(target, name)!)
const before = describe()
large.start({ seen: (row: unknown) => assert.fail(JSON.stringify(row)) } as unknown as HookContext)

suite('what only takes long of something large, wrapped', () => {
  test('is of the same name, length, properties and flags', () => {
    for (const [i, { value, ...flags }] of describe().entries()) {
      const { value: original, ...expected } = before[i]!
      assert.notEqual(value, original)
      assert.deepEqual(flags, expected)
      assert.deepEqual(Object.getOwnPropertyDescriptors(value), Object.getOwnPropertyDescriptors(original))
    }
  })

  test('answers as before, small or large', () => {
    for (const size of [0, 3, LARGE * 3]) {
      const text = 'é a '.repeat(size / 3)
      const buffer = Buffer.from(text)
      assert.equal(new TextDecoder().decode(buffer), text)
      const numbers = Array.from({ length: size }, (_, i) => (i * 7919) % 1009)
      const texts = numbers.map(String)
      assert.equal(texts.sort(), texts)
      assert.deepEqual(
        texts,
        numbers.map(String).sort((a, b) => (a < b ? -1 : a > b ? 1 : 0)),
      )
    }
    assert.equal(new TextDecoder().decode(), '')
  })

  test('throws what it threw', () => {
    const calls: (() => unknown)[] = [
      () => Reflect.apply(TextDecoder.prototype.decode, {}, []),
      () => [1].sort(5 as unknown as () => number),
      () => Reflect.apply([].sort, null, []),
    ]
    for (const call of calls) assert.throws(call, { name: 'TypeError' })
    const mine = new Error('mine')
    const thrower = (): never => {
      throw mine
    }
    assert.throws(
      () => [1, 2].sort(thrower),
      (error) => error === mine,
    )
  })

  test('reads nothing of what is sorted with a comparator', () => {
    const seen: PropertyKey[] = []
    const list = new Proxy([2, 1], {
      get(target, key) {
        seen.push(key)
        return Reflect.get(target, key) as unknown
      },
    })
    const plain: PropertyKey[] = []
    Reflect.apply(before[1]!.value as typeof list.sort, list, [(a: number, b: number) => a - b])
    plain.push(...seen.splice(0))
    list.sort((a, b) => a - b)
    assert.deepEqual(
      seen.filter((key) => key !== 'sort'),
      plain,
    )
  })
})
