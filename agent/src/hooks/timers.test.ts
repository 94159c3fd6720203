import assert from 'node:assert/strict'
import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import nodeTimers, { setTimeout as namedSetTimeout } from 'node:timers'
import timersPromises, { setTimeout as namedSleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { now } from '../program/clock.ts'
import { observe, until } from '../testing/observe.ts'
import type { ReadActivity } from '../testing/read-channel.ts'
import { timers } from './timers.ts'

const native = {
  setTimeout: globalThis.setTimeout,
  setInterval: globalThis.setInterval,
  properties: Object.getOwnPropertyDescriptors(globalThis.setTimeout),
  global: Object.getOwnPropertyDescriptor(globalThis, 'setTimeout'),
}
const { reader, activities, recorder, stop } = observe([timers])

let directory: string
interface Library {
  debounce(work: () => void, ms: number): NodeJS.Timeout
}
let library: Library
before(() => {
  directory = mkdtempSync(join(tmpdir(), 'loopscope-timers-'))
  const at = join(directory, 'node_modules', 'library')
  mkdirSync(at, { recursive: true })
  writeFileSync(join(at, 'index.js'), 'exports.debounce = (work, ms) => setTimeout(work, ms)')
  library = createRequire(join(directory, 'x.js'))('library') as Library
})

after(() => {
  rmSync(directory, { recursive: true, force: true })
  stop()
})

let nextRoute = 0
/** A request that ends as soon as `work` returns. */
function request(work: () => unknown): () => ReadActivity {
  const activity = activities.begin('request', recorder.name('GET'))
  activities.setRoute(activity, recorder.name(`/route/${nextRoute++}`))
  activities.run(activity, work)
  activities.end(activity, 'ok', 200)
  return () => {
    reader.read()
    assert.deepEqual(reader.problems, [])
    return reader.activities.get(activity.id)!
  }
}

suite('what a request leaves behind', () => {
  test('a timeout is work that outlives it, named by where it was set, until it has fired', async () => {
    let fired = false
    const story = request(() => {
      setTimeout(() => (fired = true), 30)
    })
    assert.equal(story().outlived.length, 1)
    assert.match(story().outlived[0]!.site, /timers\.test\.ts/)
    assert.deepEqual(story().settled, [])
    await until('the end of the work', () => story().settled.length === 1)
    assert.ok(fired)
  })

  test('a sleep without await, by every name that it has', async () => {
    for (const sleep of [namedSleep, timersPromises.setTimeout, promisify(setTimeout)]) {
      const story = request(() => void sleep(15))
      assert.equal(story().outlived.length, 1)
      await until('the end of the sleep', () => story().settled.length === 1)
    }
    for (const set of [namedSetTimeout, nodeTimers.setTimeout]) {
      const story = request(() => void set(() => {}, 15))
      assert.equal(story().outlived.length, 1)
    }
  })

  test('a sleep that is aborted is over then, and its rejection is that of Node', async () => {
    const abort = new AbortController()
    let rejection: Promise<unknown> | undefined
    const story = request(() => (rejection = namedSleep(10_000, undefined, { signal: abort.signal })))
    assert.equal(story().outlived.length, 1)
    abort.abort()
    await assert.rejects(rejection!, { name: 'AbortError' })
    await until('the end of the sleep', () => story().settled.length === 1)
  })

  test('a chain of timeouts goes on as one', async () => {
    let rounds = 0
    const next = (): void => {
      if (++rounds < 5) setTimeout(next, 3)
    }
    const story = request(() => void setTimeout(next, 3))
    await until('the end of the chain', () => rounds === 5 && story().settled.length === 1)
    assert.equal(story().outlived.length, 1)
  })

  test('an interval, until it is cleared', async () => {
    let interval: NodeJS.Timeout | undefined
    const story = request(() => (interval = setInterval(() => {}, 2)))
    await namedSleep(20)
    assert.equal(story().outlived.length, 1)
    assert.deepEqual(story().settled, [])
    clearInterval(interval)
    await until('the end of the interval', () => story().settled.length === 1)
  })

  test('a background chain that pauses for other work comes back', async () => {
    let isDone = false
    const story = request(() => {
      void (async () => {
        await namedSleep(5)
        await new Promise((resolve) => setImmediate(() => setImmediate(() => setImmediate(resolve))))
        await namedSleep(5)
        isDone = true
      })()
    })
    await until('the end of the work', () => isDone && story().outlived.length === story().settled.length)
    assert.ok(story().settled.length > 0)
  })
})

suite('what does not count as work of a request', () => {
  const nothing = (story: () => ReadActivity): void => assert.deepEqual(story().outlived, [])

  test('a timeout that has fired or was cleared before the end', async () => {
    const activity = activities.begin('request', recorder.name('GET'))
    await activities.run(activity, async () => {
      clearTimeout(setTimeout(() => {}, 1000))
      nodeTimers.clearTimeout(setTimeout(() => {}, 1000))
      setTimeout(() => {}, 1000)[Symbol.dispose]()
      setTimeout(() => {}, 1000).close()
      clearTimeout(+setTimeout(() => {}, 1000))
      await namedSleep(2)
      for (let i = 0; i < 100; i++) clearTimeout(setTimeout(() => {}, 1000))
    })
    assert.ok(activity.timers!.length <= 17, `${activity.timers!.length} are kept`)
    activities.end(activity, 'ok')
    reader.read()
    assert.deepEqual(reader.activities.get(activity.id)!.outlived, [])
  })

  test('an unref’d timer, and a sleep that need not end', () => {
    nothing(request(() => setTimeout(() => {}, 20).unref()))
    nothing(request(() => void namedSleep(20, undefined, { ref: false })))
  })

  test('a timer that a library has set', () => {
    const kept: NodeJS.Timeout[] = []
    nothing(request(() => kept.push(library.debounce(() => {}, 500))))
    for (const each of kept) clearTimeout(each)
  })

  test('a timer that is set outside of any activity', () => {
    const before = reader.read().length
    clearTimeout(setTimeout(() => {}, 10))
    assert.equal(before + reader.read().length, before)
  })
})

suite('a program cannot tell the timers from those of Node', () => {
  test('names, lengths, properties, and their identity in node:timers', () => {
    assert.notEqual(globalThis.setTimeout, native.setTimeout)
    const described = (value: object): unknown =>
      Object.entries(Object.getOwnPropertyDescriptors(value)).map(([key, { value: _, ...flags }]) => [key, flags])
    assert.deepEqual(described(globalThis.setTimeout), described(native.setTimeout))
    assert.equal(globalThis.setTimeout.name, 'setTimeout')
    assert.equal(globalThis.setTimeout.length, native.setTimeout.length)
    const { value: _, ...flags } = Object.getOwnPropertyDescriptor(globalThis, 'setTimeout')!
    const { value: __, ...nativeFlags } = native.global!
    assert.deepEqual(flags, nativeFlags)
    assert.equal(nodeTimers.setTimeout, globalThis.setTimeout)
    assert.equal(namedSetTimeout, globalThis.setTimeout)
    assert.equal(nodeTimers.setInterval, globalThis.setInterval)
    assert.equal(promisify(setTimeout), timersPromises.setTimeout)
  })

  test('arguments, refresh, ref and unref, and errors', async () => {
    const seen: unknown[] = []
    const timer = setTimeout((...args: unknown[]) => seen.push(...args), 5, 'a', 'b')
    assert.equal(timer.hasRef(), true)
    assert.equal(timer.unref(), timer)
    assert.equal(timer.ref().refresh(), timer)
    await until('the timer', () => seen.length === 2)
    assert.deepEqual(seen, ['a', 'b'])
    assert.throws(() => setTimeout('text' as never, 1), { code: 'ERR_INVALID_ARG_TYPE' })
    assert.equal(await namedSleep(1, 'value'), 'value')
    await assert.rejects(namedSleep(1, 'value', { signal: AbortSignal.abort() }), { name: 'AbortError' })
  })

  test('mocked timers of node:test go on top, and off again', (t) => {
    const mine = globalThis.setTimeout
    t.mock.timers.enable({ apis: ['setTimeout'] })
    let fired = false
    request(() => void setTimeout(() => (fired = true), 1000))
    t.mock.timers.tick(1000)
    assert.ok(fired)
    t.mock.timers.reset()
    assert.equal(globalThis.setTimeout, mine)
  })
})

suite('at the end of a turn over the threshold', () => {
  const told = (): { id: number; late: number }[] => {
    const time = now()
    reader.read()
    activities.leftovers!.tellDue()
    return reader
      .read()
      .filter(({ kind }) => kind === 'due')
      .map(({ id, a }) => ({ id, late: time - a }))
  }
  const begin = (work: () => unknown): number => {
    const activity = activities.begin('request', recorder.name('GET'))
    activities.setRoute(activity, recorder.name(`/route/${nextRoute++}`))
    activities.run(activity, work)
    return activity.id
  }

  test('it is told since when the timers of each activity are due, to the ms', () => {
    let expected = 0
    const set = begin(() => {
      expected = now() + 10
      setTimeout(() => {}, 10)
    })
    const slept = begin(() => void timersPromises.setTimeout(10))
    const sleeping: NodeJS.Timeout[] = []
    const later = begin(() => sleeping.push(setTimeout(() => {}, 60_000)))
    while (now() < expected + 15);
    const time = now()
    const all = told()
    for (const timer of sleeping) clearTimeout(timer)
    for (const id of [set, slept]) {
      const [one, ...others] = all.filter((each) => each.id === id)
      assert.equal(others.length, 0)
      // Node counts whole ms from when it was set; what came between is this test's own.
      assert.ok(Math.abs(one!.late - (time - expected)) < 2.5, `${one!.late} of ${time - expected} ms`)
    }
    assert.ok(all.find(({ id }) => id === later)!.late < -50_000, 'one that sleeps on')
  })

  test('what has fired, was cleared or keeps nobody waiting is not told', async () => {
    const fired = begin(() => setTimeout(() => {}, 1))
    const cleared = begin(() => clearTimeout(setTimeout(() => {}, 1000)))
    const idle = begin(() => setTimeout(() => {}, 1000).unref())
    await new Promise((resolve) => native.setTimeout(resolve, 20))
    const ids = told().map(({ id }) => id)
    for (const id of [fired, cleared, idle]) assert.ok(!ids.includes(id))
  })
})
