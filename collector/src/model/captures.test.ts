import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { PART } from '../protocol/events.ts'
import { Captures, type Capture, type Position, type Resolved } from './captures.ts'

/** `flags function file line`, in the words of a name. */
const named = (text: string): string => {
  const [flags = '', fn = '', file = '', line = '0'] = text.split(' ')
  return [flags === '-' ? '' : flags, line, '1', fn.replace('~', ' '), file === '-' ? '' : file].join(PART)
}

function setup(texts: string[]) {
  const names = ['', ...texts.map(named)]
  const asked: Position[] = []
  const answers: ((resolved: Resolved) => void)[] = []
  let changes = 0
  const captures = new Captures({
    name: (id) => names[id]!,
    cwd: '/app',
    agentFile: '/app/agent.js',
    resolve(position, done) {
      asked.push(position)
      answers.push(done)
    },
    changed: () => changes++,
  })
  const take = (late = 0): Capture => {
    captures.begin(7, 100, 3, 1 + 4 * (texts.length + 64 * late))
    let capture: Capture | undefined
    for (let i = 1; i <= texts.length; i += 4) capture = captures.more([i, i + 1, i + 2, i + 3])
    return capture!
  }
  return { captures, take, asked, answers, changes: () => changes }
}

const functions = ({ stack }: Capture): string[] => stack.map((frame) => frame.function)

suite('a capture', () => {
  test('is put together from its events, whatever number of frames it has', () => {
    const { take } = setup([
      '- a /app/a.js 1',
      '- b /app/a.js 2',
      '- c /app/a.js 3',
      '- d /app/a.js 4',
      'a e /app/a.js 5',
    ])
    const { stack, ...rest } = take()
    assert.deepEqual(rest, { turn: 7, at: 100, reason: 1, activity: 3 })
    assert.deepEqual(
      stack.map(({ file, line, async }) => [file, line, async]),
      [1, 2, 3, 4, 5].map((line) => ['a.js', line, line === 5]),
    )
    const none = setup([]).captures.begin(1, 2, 0, 0)
    assert.deepEqual(none?.stack, [])
  })

  test("has no frame of the agent's, but the natives that it stands in for", () => {
    const { take } = setup(['e1:1 native~JSON.parse /app/agent.js', '- parse /app/agent.js 4', '- load /app/a.js 2'])
    for (const late of [0, 50]) assert.deepEqual(functions(take(late)), ['JSON.parse', 'load'])
  })

  test('that had to wait does not blame what has only just been entered', () => {
    const { take } = setup(['e9:1 next /app/a.js 9', '- load /app/a.js 2'])
    assert.deepEqual(functions(take(0)), ['next', 'load'])
    assert.deepEqual(functions(take(20)), ['load'])
  })

  test('that had to wait does not blame the native that calls back either', () => {
    const { take } = setup(['e9:1 byPrice /app/a.js 9', '- Array.sort -', '- list /app/a.js 2'])
    assert.deepEqual(functions(take(20)), ['list'])
    assert.deepEqual(functions(setup(['- RegExp.test -', '- list /app/a.js 2']).take(20)), ['RegExp.test', 'list'])
  })

  test('that had to wait inside of a native that the agent has wrapped blames that one', () => {
    const { take } = setup([
      'e9:1 rowFactory /app/node_modules/sqlite/a.js 9',
      '- native~Statement.all /app/agent.js',
      '- all /app/agent.js 4',
      '- list /app/a.js 2',
    ])
    assert.deepEqual(functions(take(20)), ['Statement.all', 'list'])
  })

  test('has a wrapped native once, in whichever part of its wrapper it was taken', () => {
    const { take } = setup([
      '- native~fs.statSync /app/agent.js',
      '- native~fs.statSync /app/agent.js 3',
      '- list /app/a.js 2',
    ])
    assert.deepEqual(functions(take()), ['fs.statSync', 'list'])
  })

  test('is never left without a frame', () => {
    assert.deepEqual(functions(setup(['e9:1 next /app/a.js 9']).take(20)), ['next'])
    assert.deepEqual(functions(setup(['e9:1 next /app/a.js 9', '- Array.map -']).take(20)), ['Array.map'])
  })
})

suite('a frame with a source map', () => {
  test('shows the generated position until the map is there, and then the author’s, in all stacks', () => {
    const { captures, take, asked, answers, changes } = setup(['3:9 f file:///app/dist/a.js 3', '- g /app/b.js 1'])
    const first = take()
    assert.deepEqual(asked[0], { file: 'file:///app/dist/a.js', line: 3, column: 1, function: 'f', begin: '3:9' })
    assert.equal(captures.isSettled(first.stack), false)
    assert.equal(first.stack[0]!.file, 'dist/a.js')
    answers[0]!({ place: { file: '/app/src/a.ts', line: 30, column: 4, function: 'parseOrders' } })
    answers[1]!({})
    const expected = { function: 'parseOrders', file: 'src/a.ts', line: 30, column: 4, async: false }
    assert.deepEqual(first.stack[0], expected)
    assert.deepEqual(take().stack[0], expected)
    assert.deepEqual([captures.isSettled(first.stack), asked.length, changes()], [true, 2, 2])
  })

  test("is not asked for natives and the agent's own", () => {
    const { take, asked } = setup(['- Array.map -', '- x /app/agent.js 1', 'e native~JSON.parse /app/agent.js'])
    take()
    assert.deepEqual(asked, [])
  })
})

test("zlib's shared wrapper gets the name that its caller's line has, each caller its own", () => {
  const { take, answers } = setup(['- syncBufferWrapper node:zlib 9', '- pack /app/a.js 1', '- main /app/a.js 5'])
  const before = take()
  assert.equal(before.stack[0]!.function, 'syncBufferWrapper')
  answers[1]!({ call: 'gzipSync' })
  assert.deepEqual([functions(before)[0], functions(take())[0]], ['gzipSync', 'gzipSync'])
  const other = setup(['- syncBufferWrapper node:zlib 9', '- pack /app/a.js 1'])
  const unknown = other.take()
  other.answers[1]!({ call: 'compress' })
  assert.equal(unknown.stack[0]!.function, 'syncBufferWrapper')
})
