/**
 * Walks the `mappings` of a source map once and answers positions on the way; it keeps nothing else, so that a map of 50 MB
 * costs no memory. Format: ECMA-426 (https://tc39.es/ecma426/), base64 VLQ.
 */

/** Lines and columns from 0 in this file, columns in UTF-16 units. */
export interface Query {
  line: number
  column: number
  /** The segment that covers the position, or only one that begins exactly there. */
  exact: boolean
}

export interface Segment {
  source: number
  line: number
  column: number
  /** Its place in `names`, or -1. */
  name: number
}

const SEMICOLON = 0x3b
const COMMA = 0x2c
const DIGITS = new Int8Array(256).fill(-1)
for (const [value, char] of [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'].entries()) {
  DIGITS[char.charCodeAt(0)] = value
}
/** Bytes between two places where it may be interrupted: about 0.2 ms. */
const SLICE = 16_384

/** The answers in the order of the queries, undefined where nothing is mapped. Throws where the text is no mappings. */
export function* locate(bytes: Buffer, queries: readonly Query[]): Generator<void, (Segment | undefined)[]> {
  const answers: (Segment | undefined)[] = queries.map(() => undefined)
  const order = queries.map((_, i) => i).sort((a, b) => compare(queries[a]!, queries[b]!))
  let next = 0
  let line = 0
  let column = 0
  let source = 0
  let original = 0
  let originalColumn = 0
  let name = 0
  /** The fields of the segment before, in this line; 0: there is none. The sums are what it says. */
  let fields = 0
  let nextSlice = SLICE

  const segment = (): Segment | undefined =>
    fields < 4 ? undefined : { source, line: original, column: originalColumn, name: fields > 4 ? name : -1 }

  /** All queries before this place are answered by the segment before it. */
  const settle = (untilLine: number, untilColumn: number): void => {
    for (; next < order.length; next++) {
      const query = queries[order[next]!]!
      if (query.line > untilLine || (query.line === untilLine && query.column >= untilColumn)) return
      if (!query.exact && query.line === line) answers[order[next]!] = segment()
    }
  }

  let at = 0
  while (at < bytes.length) {
    if (at >= nextSlice) {
      nextSlice = at + SLICE
      yield
    }
    const byte = bytes[at]!
    if (byte === SEMICOLON) {
      settle(line, Infinity)
      if (next === order.length) return answers
      line++
      column = 0
      fields = 0
      at++
      continue
    }
    if (byte === COMMA) {
      at++
      continue
    }
    // A query is answered before the sums go on.
    const isWanted = next < order.length && queries[order[next]!]!.line <= line
    let count = 0
    while (at < bytes.length && bytes[at] !== COMMA && bytes[at] !== SEMICOLON) {
      let value = 0
      let scale = 1
      let digit: number
      do {
        digit = DIGITS[bytes[at++] ?? 0]!
        if (digit < 0 || scale > 2 ** 31) throw new SyntaxError(`not a mapping at ${at - 1}`)
        value += (digit & 31) * scale
        scale *= 32
      } while (digit >= 32)
      const delta = value % 2 === 1 ? -(value - 1) / 2 : value / 2
      if (count === 0) {
        column += delta
        if (isWanted) settle(line, column)
      } else if (count === 1) source += delta
      else if (count === 2) original += delta
      else if (count === 3) originalColumn += delta
      else if (count === 4) name += delta
      count++
    }
    fields = count
    if (!isWanted) continue
    for (let i = next; i < order.length; i++) {
      const query = queries[order[i]!]!
      if (query.line !== line || query.column !== column) break
      if (query.exact) answers[order[i]!] = segment()
    }
  }
  settle(line, Infinity)
  return answers
}

function compare(a: Query, b: Query): number {
  return a.line - b.line || a.column - b.column
}
