/** What belongs to the program and what a capture of a stack could leave changed: regular expressions and errors. */
import { check, spin, times } from './check.js'

const ROUNDS = 15
const identities = new Map()

await check('the statics of RegExp stay those of the last match', (expect) => {
  times(ROUNDS, (i) => {
    expect('match', /(\w+)-(\d+)!/.exec(`before word-${i}! after`)?.length, 3)
    spin()
    const { $1, $2, lastMatch, leftContext, rightContext, input } = RegExp
    expect('$1', $1, 'word')
    expect('$2', $2, `${i}`)
    expect('lastMatch', lastMatch, `word-${i}!`)
    expect('leftContext', leftContext, 'before ')
    expect('rightContext', rightContext, ' after')
    expect('input', input, `before word-${i}! after`)
  })
})

const untouched = describe(Object.getOwnPropertyDescriptors(Error))
const put = (key, value) =>
  Object.defineProperty(Error, key, { writable: true, configurable: true, enumerable: true, ...value })

/** Runs `body` with Error as `change` leaves it, then puts everything back. */
async function withErrors(name, change, body) {
  const kept = Object.getOwnPropertyDescriptors(Error)
  await check(name, (expect) => {
    change()
    const before = describe(Object.getOwnPropertyDescriptors(Error))
    times(ROUNDS, (i) => {
      spin()
      expect('the properties of Error', describe(Object.getOwnPropertyDescriptors(Error)), before)
      body(expect, i)
    })
    for (const key of ['prepareStackTrace', 'stackTraceLimit', 'captureStackTrace']) {
      delete Error[key]
      if (kept[key]) Object.defineProperty(Error, key, kept[key])
    }
  })
}

/** Names, order and kinds; the identity of functions by a number. */
function describe(descriptors) {
  return Reflect.ownKeys(descriptors)
    .map((key) => {
      const { value, get, set, writable, enumerable, configurable } = descriptors[key]
      const what =
        get || set ? `accessor ${identity(get)} ${identity(set)}` : typeof value === 'number' ? value : identity(value)
      return `${String(key)}=${what} ${writable} ${enumerable} ${configurable}`
    })
    .join('; ')
}
function identity(value) {
  if (value === undefined) return 'undefined'
  if (!identities.has(value)) identities.set(value, identities.size)
  return `#${identities.get(value)}`
}

await withErrors(
  'stacks of errors are the same text',
  () => {},
  (expect) => {
    function inner() {
      const error = new Error('planted')
      spin(1)
      return error.stack
    }
    const [first, second] = inner().split('\n')
    expect('first line', first, 'Error: planted')
    expect('second line', second.trim().split(' ')[1], 'inner')
    expect('frames of the evaluated expression', /loopscope|evaluate/.test(inner()), false)
  },
)

let prepared = 0
await withErrors(
  'an own prepareStackTrace is called for the own errors alone',
  () => {
    prepared = 0
    Error.prepareStackTrace = (error, sites) => {
      prepared++
      // A capture may fall into this very function.
      spin(1)
      return `${error.message} with ${Array.isArray(sites)}`
    }
  },
  (expect, i) => {
    expect('calls', prepared, i)
    expect('stack', new Error('planted').stack, 'planted with true')
  },
)
await withErrors(
  'prepareStackTrace that is there but undefined',
  () => put('prepareStackTrace', { value: undefined }),
  (expect) => {
    expect('stack', typeof new Error('planted').stack, 'string')
  },
)
await withErrors(
  'prepareStackTrace that is not there',
  () => delete Error.prepareStackTrace,
  (expect) => {
    expect('stack', typeof new Error('planted').stack, 'string')
  },
)
await withErrors(
  'prepareStackTrace that is no function',
  () => put('prepareStackTrace', { value: 'text' }),
  (expect) => {
    expect('stack', typeof new Error('planted').stack, 'string')
  },
)
for (const limit of [0, 3, 'none', Infinity, undefined]) {
  await withErrors(
    `stackTraceLimit ${limit}`,
    () => put('stackTraceLimit', { value: limit }),
    (expect) => {
      expect('limit', Error.stackTraceLimit, limit)
      const { stack } = new Error('planted')
      if (limit === 3) expect('lines', stack.split('\n').length, 4)
      if (limit === 0) expect('stack', stack, 'Error: planted')
    },
  )
}
await withErrors(
  'stackTraceLimit that is not there',
  () => delete Error.stackTraceLimit,
  (expect) => {
    expect('stack', new Error('planted').stack, undefined)
  },
)

let asked = 0
const accessor = { get: () => void asked++, set: () => void asked++, configurable: true }
for (const key of ['prepareStackTrace', 'stackTraceLimit']) {
  await withErrors(
    `an accessor in the place of ${key} is not asked`,
    () => {
      asked = 0
      delete Error[key]
      Object.defineProperty(Error, key, accessor)
    },
    (expect) => expect('calls', asked, 0),
  )
  await withErrors(
    `${key} that cannot be written`,
    () => put(key, { value: key === 'stackTraceLimit' ? 5 : () => 'prepared', writable: false }),
    (expect) => {
      const { stack } = new Error('planted')
      if (key === 'prepareStackTrace') expect('stack', stack, 'prepared')
      else expect('stack', typeof stack, 'string')
    },
  )
}

await withErrors(
  'a replaced captureStackTrace is not called',
  () => {
    asked = 0
    Error.captureStackTrace = () => void asked++
  },
  (expect) => expect('calls', asked, 0),
)

await check('another Error in the place of Error is not touched', (expect) => {
  const Real = globalThis.Error
  let touched = 0
  const touch = () => {
    touched++
    return true
  }
  const handler = Object.fromEntries(
    ['get', 'set', 'has', 'deleteProperty', 'defineProperty', 'getOwnPropertyDescriptor'].map((trap) => [trap, touch]),
  )
  globalThis.Error = new Proxy(class Other {}, handler)
  times(ROUNDS, () => spin())
  globalThis.Error = Real
  expect('touched', touched, 0)
})

await check('at the end of it all Error is as it was', (expect) => {
  const now = describe(Object.getOwnPropertyDescriptors(Error))
  expect('properties', now.split('; ').sort().join('; '), untouched.split('; ').sort().join('; '))
})
