import assert from 'node:assert/strict'
import { SourceMap } from 'node:module'
import { suite, test } from 'node:test'
import { locate, type Query, type Segment } from './mappings.ts'

function run<T>(work: Generator<void, T>): { value: T; pauses: number } {
  for (let pauses = 0; ; pauses++) {
    const step = work.next()
    if (step.done) return { value: step.value, pauses }
  }
}

const at = (mappings: string, queries: Query[]) => run(locate(Buffer.from(mappings), queries)).value

function seeded(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
function vlq(number: number): string {
  let rest = number < 0 ? -number * 2 + 1 : number * 2
  let text = ''
  do {
    const digit = rest % 32
    rest = Math.floor(rest / 32)
    text += DIGITS[rest > 0 ? digit + 32 : digit]
  } while (rest > 0)
  return text
}

/** Mappings of many lines with segments of 1, 4 and 5 fields, and where they begin. */
function randomMappings(random: (below: number) => number, lines: number, perLine: number) {
  const last = { source: 0, line: 0, column: 0, name: 0 }
  const begins: { line: number; column: number }[] = []
  const text = Array.from({ length: lines }, (_, line) => {
    let column = 0
    return Array.from({ length: random(perLine + 1) }, () => {
      const gap = 1 + random(40)
      column += gap
      begins.push({ line, column })
      const size = [1, 4, 4, 5][random(4)]!
      if (size === 1) return vlq(gap)
      const next = { source: random(5), line: random(90_000), column: random(300), name: random(8) }
      const deltas = [next.source - last.source, next.line - last.line, next.column - last.column]
      const name = size === 5 ? vlq(next.name - last.name) : ''
      Object.assign(last, next, size === 5 ? {} : { name: last.name })
      return vlq(gap) + deltas.map(vlq).join('') + name
    }).join(',')
  }).join(';')
  // Node misreads a segment of one field at the very end.
  return { text: text + ';', begins }
}

suite('the mappings of a source map', () => {
  test('say the same as those that Node reads, at any position', () => {
    for (let seed = 1; seed <= 20; seed++) {
      const random = seeded(seed)
      const { text } = randomMappings(random, 30, 25)
      const sources = ['0', '1', '2', '3', '4']
      const names = ['n0', 'n1', 'n2', 'n3', 'n4', 'n5', 'n6', 'n7']
      const node = new SourceMap({
        version: 3,
        file: 'a.js',
        sources,
        sourcesContent: [],
        names,
        mappings: text,
        sourceRoot: '',
      })
      const queries = Array.from({ length: 300 }, () => ({ line: random(32), column: random(800), exact: false }))
      let mapped = 0
      for (const [i, found] of at(text, queries).entries()) {
        const { line, column } = queries[i]!
        const entry = node.findEntry(line, column) as Partial<{
          generatedLine: number
          originalSource: string
          originalLine: number
          originalColumn: number
          name: string
        }>
        // Node goes on to the line before where a line has nothing; a position of another line is no answer.
        const isSame = entry.generatedLine === line && entry.originalSource !== undefined
        const expected = isSame
          ? [entry.originalSource, entry.originalLine, entry.originalColumn, entry.name]
          : undefined
        const said = found && [sources[found.source], found.line, found.column, names[found.name]]
        assert.deepEqual(said, expected, `seed ${seed}: ${line}:${column}`)
        if (said) mapped++
      }
      assert.ok(mapped > 50)
    }
  })

  test('answer an exact position only where a segment begins', () => {
    const { text, begins } = randomMappings(seeded(7), 20, 20)
    const beginning = new Set(begins.map(({ line, column }) => `${line}:${column}`))
    const queries: Query[] = []
    for (let line = 0; line < 20; line++) {
      for (let column = 0; column < 400; column++) queries.push({ line, column, exact: true })
    }
    const covering = at(
      text,
      queries.map((query) => ({ ...query, exact: false })),
    )
    let exact = 0
    for (const [i, found] of at(text, queries).entries()) {
      const { line, column } = queries[i]!
      const expected: Segment | undefined = beginning.has(`${line}:${column}`) ? covering[i] : undefined
      assert.deepEqual(found, expected)
      if (found) exact++
    }
    assert.ok(exact > 50)
  })

  test('are walked in slices, and no further than is asked for', () => {
    const { text } = randomMappings(seeded(3), 4000, 60)
    assert.ok(text.length > 500_000)
    const early = run(locate(Buffer.from(text), [{ line: 2, column: 0, exact: false }]))
    const late = run(locate(Buffer.from(text), [{ line: 3999, column: 9, exact: false }]))
    assert.deepEqual([early.pauses, late.pauses > 25], [0, true])
  })

  test('that are none are refused, wherever the fault is', () => {
    const query = { line: 9, column: 0, exact: false }
    for (const text of ['AAAA,!', 'AAAA;"', 'AAA\\A', 'gggggggggggggggg', 'AAAAg']) {
      assert.throws(() => at(text, [query]), SyntaxError, text)
    }
    assert.deepEqual(at('', [query]), [undefined])
    assert.deepEqual(at(';;;,,;', [query, { line: -1, column: -1, exact: true }]), [undefined, undefined])
  })
})
