/** Code of the program that would notice being called: getters, traps, and what it has put in the place of built-ins. */
import { check, spin, times } from './check.js'

const ROUNDS = 15

await check('getters of what is on the stack are not read', (expect) => {
  let read = 0
  const notice = { get: () => void read++, configurable: true }
  const receiver = Object.defineProperties(
    { length: 1, 0: 'one' },
    {
      constructor: notice,
      [Symbol.toStringTag]: notice,
      name: notice,
      toString: notice,
    },
  )
  function work() {
    spin()
    return 1
  }
  Object.defineProperties(work, { name: notice, displayName: notice, toString: notice })
  class Named {
    static get name() {
      read++
      return ''
    }
    static displayName = 'Other'
    method() {
      return work()
    }
  }
  times(ROUNDS, () => {
    // Through built-ins: their frames are named by their receiver.
    expect('result', Reflect.apply([].filter, receiver, [work]) instanceof Array, true)
    new Named().method()
    Reflect.construct(Named, []).method.call(Named)
    read -= 0
  })
  // filter asks its receiver for `constructor` only when it is an array.
  expect('reads', read, 0)
})

await check('traps of proxies on the stack are called by the program alone', (expect) => {
  const calls = []
  const names = Object.getOwnPropertyNames(Reflect)
  const handler = Object.fromEntries(
    names.map((trap) => [
      trap,
      (...args) => {
        calls.push(trap)
        return Reflect[trap](...args)
      },
    ]),
  )
  const list = new Proxy(['a', 'b'], handler)
  const callee = new Proxy(function callee(value) {
    spin(1)
    return value
  }, handler)
  let first
  times(ROUNDS, () => {
    calls.length = 0
    expect('result', [].map.call(list, callee).join(), 'a,b')
    first ??= calls.join()
    expect('calls', calls.join(), first)
  })
  console.log(first)
})

await check('functions in the place of built-ins are not called', (expect) => {
  const TypedArray = Object.getPrototypeOf(Int32Array)
  const holders = [
    Object,
    Reflect,
    Array,
    Math,
    Number,
    String,
    Symbol,
    Map,
    Set,
    WeakMap,
    Error,
    JSON,
    Atomics,
    Promise,
    RegExp,
  ]
  const prototypes = [Object, Array, String, Number, Map, Set, WeakMap, Promise, RegExp, Function, TypedArray].map(
    (one) => one.prototype,
  )
  const more = [TypedArray, process, globalThis, performance]
  let armed = false
  const called = new Set()
  const undo = []
  const { apply, defineProperty, ownKeys, getOwnPropertyDescriptor } = Reflect
  const add = Set.prototype.add
  for (const holder of [...holders, ...prototypes, ...more]) {
    for (const key of ownKeys(holder)) {
      const about = getOwnPropertyDescriptor(holder, key)
      if (typeof about.value !== 'function' || !about.configurable || !about.writable || key === 'constructor') continue
      // Constructors are compared by identity, the clock is what spin itself reads, and Symbol.for is the one exception: the
      // expression that calls the capture finds it by a symbol, because names on the global object are seen by more programs.
      if (/^[A-Z]/.test(String(key)) || key === 'now' || (holder === Symbol && key === 'for')) continue
      const real = about.value
      const replacement = {
        value: function (...args) {
          if (armed) apply(add, called, [`${String(key)} of ${holder.name ?? 'a prototype'}`])
          return new.target ? Reflect.construct(real, args) : apply(real, this, args)
        },
      }
      undo.push([holder, key, about])
      defineProperty(holder, key, { ...about, ...replacement })
    }
  }
  try {
    for (let i = 0; i < ROUNDS; i++) {
      armed = true
      spin()
      armed = false
    }
  } finally {
    armed = false
    for (const [holder, key, about] of undo) defineProperty(holder, key, about)
  }
  expect('called', [...called].sort().join(', '), '')
})

await check('own keys of the global object', (expect) => {
  const keys = Object.getOwnPropertyNames(globalThis).join()
  times(ROUNDS, () => spin())
  expect('names', Object.getOwnPropertyNames(globalThis).join(), keys)
  expect('enumerable', Object.keys(globalThis).includes('loopscope'), false)
})
