/** What runs when, with which values: sorting, parsing, iterating, and the order of everything asynchronous. */
import { AsyncLocalStorage, executionAsyncId } from 'node:async_hooks'
import { check, spin, times } from './check.js'

const ROUNDS = 15

await check('comparators are called with the same pairs, and sort', (expect) => {
  let first
  times(ROUNDS, () => {
    const pairs = []
    const list = Array.from({ length: 12 }, (_, i) => (i * 7) % 12)
    list.sort((a, b) => {
      pairs.push(`${a}:${b}`)
      spin(1)
      return a - b
    })
    expect('order', list.join(), '0,1,2,3,4,5,6,7,8,9,10,11')
    first ??= pairs.join()
    expect('pairs', pairs.join(), first)
  })
  console.log(first)
})

await check('revivers and replacers see the same keys', (expect) => {
  times(ROUNDS, () => {
    const keys = []
    const value = { a: [1, { b: 2 }], c: { toJSON: () => (spin(1), 'c') } }
    const text = JSON.stringify(value, (key, one) => {
      keys.push(key)
      spin(1)
      return one
    })
    expect('text', text, '{"a":[1,{"b":2}],"c":"c"}')
    JSON.parse(text, (key, one) => {
      keys.push(key)
      spin(1)
      return one
    })
    expect('keys', keys.join(), ',a,0,1,b,c,0,b,1,a,c,')
    const replaced = 'a1b2'.replace(/[a-z](\d)/g, (all, digit) => (spin(1), `<${all}${digit}>`))
    expect('replaced', replaced, '<a11><b22>')
  })
})

await check('generators, iterators and destructuring go on where they were', (expect) => {
  function* count() {
    try {
      for (let i = 0; ; i++) {
        spin(1)
        const told = yield i
        if (told === 'stop') return 'stopped'
      }
    } finally {
      spin(1)
    }
  }
  times(ROUNDS, () => {
    const one = count()
    expect('values', [one.next().value, one.next().value, one.next('stop').value].join(), '0,1,stopped')
    const [a, , b] = count()
    expect('destructured', `${a}${b}`, '02')
  })
})

await check('ticks, microtasks, immediates and timers keep their order', async (expect) => {
  for (let i = 0; i < ROUNDS; i++) {
    const order = []
    const note = (what) => {
      spin(1)
      order.push(what)
    }
    await new Promise((resolve) => {
      setImmediate(() => {
        process.nextTick(() => note('tick'))
        queueMicrotask(() => {
          note('microtask')
          process.nextTick(() => note('tick of a microtask'))
          queueMicrotask(() => note('microtask of a microtask'))
        })
        Promise.resolve()
          .then(() => note('then'))
          .then(() => note('second then'))
        setImmediate(() => {
          note('next immediate')
          resolve()
        })
        note('code')
        expect('what ran in the middle of code', order.join(), 'code')
      })
      setImmediate(() => note('immediate beside it'))
    })
    const expected =
      'code, tick, microtask, then, microtask of a microtask, second then, tick of a microtask, immediate beside it, next immediate'
    expect('order', order.join(', '), expected)
  }
})

await check('async functions and async generators keep their order', async (expect) => {
  async function* values(name) {
    for (let i = 0; i < 3; i++) {
      spin(1)
      yield `${name}${i}`
    }
  }
  const order = []
  const read = async (name) => {
    for await (const value of values(name)) {
      order.push(value)
      spin(1)
    }
  }
  for (let i = 0; i < ROUNDS; i++) {
    order.length = 0
    await Promise.all([read('a'), read('b')])
    expect('order', order.join(), 'a0,b0,a1,b1,a2,b2')
  }
})

await check('a rejection that is handled in the same turn is handled', async (expect) => {
  const events = []
  const note = (what) => () => void events.push(what)
  const listeners = { unhandledRejection: note('unhandled'), rejectionHandled: note('handled') }
  for (const [name, listener] of Object.entries(listeners)) process.on(name, listener)
  for (let i = 0; i < ROUNDS; i++) {
    const rejected = Promise.reject(new Error('planted'))
    spin()
    rejected.catch(() => {})
    await new Promise((resolve) => setImmediate(resolve))
  }
  for (const [name, listener] of Object.entries(listeners)) process.off(name, listener)
  expect('events', events.join(), '')
})

await check('the async context is the same before and after', async (expect) => {
  const storage = new AsyncLocalStorage()
  const work = async (id) => {
    for (let i = 0; i < ROUNDS; i++) {
      const before = executionAsyncId()
      spin(1)
      expect('store', storage.getStore(), id)
      expect('async id', executionAsyncId(), before)
      await new Promise((resolve) => (i % 2 ? setImmediate(resolve) : process.nextTick(resolve)))
    }
  }
  await Promise.all([1, 2, 3].map((id) => storage.run(id, work, id)))
  spin()
  expect('outside', storage.getStore(), undefined)
})
