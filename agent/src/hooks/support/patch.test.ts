import assert from 'node:assert/strict'
import { test } from 'node:test'
import { patchMethods, type Method } from './patch.ts'

const count = (calls: unknown[][]) => (original: Method) =>
  function (this: unknown, ...args: never[]) {
    calls.push(args)
    return Reflect.apply(original, this, args)
  }

test('a patched method has the name, the length, the properties and the flags of the original', () => {
  function method(a: number, b: number): number {
    return a + b
  }
  const target = { method: Object.assign(method, { extra: 1 }) }
  Object.defineProperty(target, 'method', { enumerable: false })
  const before = Object.getOwnPropertyDescriptor(target, 'method')!
  const calls: unknown[][] = []
  patchMethods([[target, 'method', count(calls)]])
  const after = Object.getOwnPropertyDescriptor(target, 'method')!
  assert.equal(target.method(1, 2), 3)
  assert.deepEqual(calls, [[1, 2]])
  assert.deepEqual({ ...after, value: 0 }, { ...before, value: 0 })
  assert.deepEqual([target.method.name, target.method.length, target.method.extra], ['method', 2, 1])
})

test('nothing is patched when one of the methods is missing', () => {
  const target: Record<string, unknown> = { here: () => {} }
  const { here } = target
  assert.throws(
    () =>
      patchMethods([
        [target, 'here', count([])],
        [target, 'gone', count([])],
      ]),
    /gone is not a method/,
  )
  assert.equal(target['here'], here)
})
