/** JSON.parse and JSON.stringify as wrapped: nobody can tell, but a capture. */
import assert from 'node:assert/strict'
import { suite, test, type TestContext } from 'node:test'
import { types } from 'node:util'
import { runInNewContext } from 'node:vm'
import { json } from './json.ts'
import { LARGE } from './support/landing.ts'
import type { HookContext } from './hook.ts'

const original = { parse: JSON.parse, stringify: JSON.stringify }
json.start({ seen: () => {} } as unknown as HookContext)
const wrapped = { parse: JSON.parse, stringify: JSON.stringify }

type Outcome = { value: unknown } | { thrown: unknown; text: string; about: unknown }

function outcome(call: () => unknown): Outcome {
  try {
    return { value: call() }
  } catch (thrown) {
    if (!types.isNativeError(thrown)) return { thrown, text: String(thrown), about: undefined }
    const descriptors = Object.getOwnPropertyDescriptors(thrown) as Record<string, PropertyDescriptor>
    const about = Object.entries(descriptors).map(([name, { value: _, get, set, ...rest }]) => [
      name,
      rest,
      !!get,
      !!set,
    ])
    return { thrown: Object.getPrototypeOf(thrown), text: String(thrown), about }
  }
}

/** The same calls of both; arguments are made anew for each. */
function same(name: 'parse' | 'stringify', makeArguments: () => unknown[]): Outcome {
  const [expected, found] = [original, wrapped].map((json) =>
    outcome(() => (json[name] as (...args: unknown[]) => unknown)(...makeArguments())),
  )
  assert.deepEqual(found, expected)
  return found!
}

function seeded(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

function randomValue(random: (below: number) => number, depth = 0): unknown {
  const simple = [
    null,
    true,
    -0,
    1.5,
    NaN,
    Infinity,
    'é"\\\n\ud800',
    '',
    undefined,
    Symbol('s'),
    () => 1,
    new Date(0),
    10n,
  ]
  const kind = random(depth > 3 ? 5 : 9)
  if (kind < 5) return simple[random(depth === 0 ? simple.length : simple.length - 1)]
  if (kind < 7) return Array.from({ length: random(4) }, () => randomValue(random, depth + 1))
  const entries = Array.from({ length: random(4) }, (_, i) => [`k${i}`, randomValue(random, depth + 1)] as const)
  const object: Record<string, unknown> = Object.fromEntries(entries)
  if (kind === 8) object['toJSON'] = (key: string) => `json of ${key}`
  return object
}

suite('JSON, wrapped', () => {
  test('is another function, of the same name, length and properties, that cannot be constructed', () => {
    for (const name of ['parse', 'stringify'] as const) {
      assert.notEqual(wrapped[name], original[name])
      assert.deepEqual(
        Object.getOwnPropertyDescriptors(wrapped[name]),
        Object.getOwnPropertyDescriptors(original[name]),
      )
      const { value, ...flags } = Object.getOwnPropertyDescriptor(JSON, name)!
      assert.deepEqual(
        [value === wrapped[name], flags],
        [true, { writable: true, enumerable: false, configurable: true }],
      )
      const make = (fn: unknown) => outcome(() => new (fn as new (text: string) => unknown)('1'))
      assert.equal((make(wrapped[name]) as { text: string }).text.startsWith('TypeError'), true)
      assert.equal(Object.hasOwn(wrapped[name], 'prototype'), false)
    }
  })

  test('reads and refuses the same texts', () => {
    const large = JSON.stringify(Array.from({ length: 5000 }, (_, i) => ({ i, text: 'é' })))
    assert.ok(large.length > LARGE)
    const texts = [
      '1',
      '{"__proto__":1}',
      '',
      ' ',
      '{',
      '[1,]',
      '{"a":1}x',
      'nul',
      large,
      large.slice(0, -1),
      large + ']',
      '\u2028',
    ]
    for (const text of texts) same('parse', () => [text])
    const random = seeded(5)
    for (let i = 0; i < 2000; i++) {
      const at = random(60)
      const text = '{"a":[1,2,{"b":"c\\u00e9","d":null,"e":[true,-1.5e3]}]}'
      same('parse', () => [text.slice(0, at) + '{}[],:"\\01e-\n'[random(1) + (i % 13)]! + text.slice(at + (i % 2))])
    }
  })

  test('takes whatever argument, and none', () => {
    const texts = [
      [],
      [undefined],
      [null],
      [1],
      [{}],
      [['1']],
      [Symbol('s')],
      [{ toString: () => '[1]' }],
      [10n],
      [new String('{"a":1}')],
    ]
    for (const args of texts) same('parse', () => args)
    const thrower = {
      toString: () => {
        throw new RangeError('mine')
      },
    }
    assert.deepEqual((same('parse', () => [thrower]) as { text: string }).text, 'RangeError: mine')
    for (const args of [
      [],
      [undefined],
      [() => 1],
      [Symbol('s')],
      [1, null, 4],
      ['a', undefined, '--'],
      [{ a: { b: [1] } }, ['a'], 99],
    ]) {
      same('stringify', () => args)
    }
  })

  test('calls revivers and replacers as often, in the same order and with the same this', () => {
    const calls = (json: typeof original): unknown[] => {
      const seen: unknown[] = []
      const value = json.parse('{"a":[1,{"b":2}],"c":"x"}', function (this: unknown, ...args) {
        seen.push([structuredClone(this), args.length, args[0], args[1]])
        return args[0] === 'b' ? undefined : args[1]
      }) as unknown
      const text = json.stringify(
        value,
        function (this: unknown, key, held: unknown) {
          seen.push([this, key, held])
          return typeof held === 'number' ? held + 1 : held
        },
        1,
      )
      return [value, text, seen]
    }
    assert.deepEqual(calls(wrapped), calls(original))
    for (const reviver of [null, 1, 'x', {}, undefined]) same('parse', () => ['{"a":1}', reviver])
  })

  test('writes the same of random values', () => {
    for (let seed = 1; seed <= 3000; seed++) {
      same('stringify', () => [randomValue(seeded(seed)), undefined, seed % 3 === 0 ? 2 : undefined])
    }
    const large = Array.from({ length: 20_000 }, (_, i) => ({ i }))
    assert.ok((wrapped.stringify(large) as string).length > LARGE)
    same('stringify', () => [large])
  })

  test("throws the program's own errors as they are", () => {
    const mine = [
      new TypeError('Converting circular structure to JSON? no'),
      new SyntaxError('mine'),
      'text',
      undefined,
      Object.freeze(new Error('frozen')),
    ]
    for (const error of mine) {
      const fail = (): never => {
        throw error as Error
      }
      const stack = (error as Error | undefined)?.stack
      for (const call of [
        () => wrapped.parse('[1]', fail),
        () => wrapped.stringify({ toJSON: fail }),
        () =>
          wrapped.stringify({
            get a() {
              return fail()
            },
          }),
        () => wrapped.stringify([1], fail),
        () => wrapped.parse({ toString: fail } as never),
      ]) {
        assert.throws(call, (thrown) => thrown === error)
      }
      if (error !== mine[0]) assert.equal((error as Error | undefined)?.stack, stack)
    }
  })

  test('leaves no trace in the stacks of its own errors', () => {
    const circular: unknown[] = []
    circular.push(circular)
    const lines = (call: () => unknown): string[] => {
      try {
        call()
      } catch (error) {
        return (error as Error)
          .stack!.split('\n')
          .filter((line) => line.startsWith('    at ') && !line.includes('<anonymous>'))
      }
      return assert.fail('nothing was thrown')
    }
    for (const call of [
      (json: typeof original) => json.parse('{'),
      (json: typeof original) => json.parse('x'.repeat(LARGE + 1)),
      (json: typeof original) => json.stringify(circular),
      (json: typeof original) => json.stringify({ a: 10n }),
    ]) {
      const [expected, found] = [original, wrapped].map((json) => lines(() => call(json)))
      assert.deepEqual(found!.slice(0, 6), expected!.slice(0, 6))
      assert.doesNotMatch(found!.join('\n'), /hooks\/json\.ts/)
    }
  })

  test('prepares a stack once, when it is asked for, without its own frame', (t) => {
    restoreError(t)
    let prepared = 0
    Error.prepareStackTrace = (_, sites) => {
      prepared++
      return sites.map((site) => site.getFileName() ?? '').join()
    }
    let error: unknown
    try {
      wrapped.parse('{')
    } catch (thrown) {
      error = thrown
    }
    assert.equal(prepared, 0)
    const files = (error as Error).stack!
    assert.equal(prepared, 1)
    assert.doesNotMatch(files, /hooks\/json\.ts/)
    assert.match(files, /json\.test\.ts/)
  })

  test('respects a stack that is not to be taken', (t) => {
    restoreError(t)
    Error.stackTraceLimit = 0
    assert.deepEqual(
      outcome(() => wrapped.parse('{')),
      outcome(() => original.parse('{')),
    )
    try {
      wrapped.parse('{')
    } catch (error) {
      assert.doesNotMatch((error as Error).stack ?? '', /\n {4}at /)
    }
  })

  test('of another context is left alone', () => {
    assert.match(String(runInNewContext('JSON.parse')), /native code/)
  })
})

function restoreError(t: TestContext): void {
  const { stackTraceLimit, prepareStackTrace } = Error
  t.after(() => {
    Error.stackTraceLimit = stackTraceLimit
    if (prepareStackTrace === undefined) delete (Error as { prepareStackTrace?: unknown }).prepareStackTrace
    else Error.prepareStackTrace = prepareStackTrace
  })
}

test('what cannot be wrapped is left as it is, and that is said', () => {
  const rows: unknown[] = []
  const parse = Object.getOwnPropertyDescriptor(JSON, 'parse')!
  try {
    Object.defineProperty(JSON, 'parse', { value: undefined, configurable: true })
    const { stringify } = JSON
    json.start({ seen: (row: unknown) => rows.push(row) } as unknown as HookContext)
    assert.deepEqual(rows, [{ module: 'JSON', version: '', how: 'none', why: 'parse is not a method' }])
    assert.equal(JSON.stringify, stringify)
  } finally {
    Object.defineProperty(JSON, 'parse', parse)
  }
})
