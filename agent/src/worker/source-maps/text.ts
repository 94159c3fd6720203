/** Looks at a generated file around a position: lines and columns from 1, as V8 gives them. */

const NEWLINE = 0x0a

export class GeneratedText {
  readonly #bytes: Buffer
  /** Where the line that was asked for last begins. */
  #line = 1
  #from = 0
  #text: string | undefined

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  /** '' where there is no such line. Cheapest when asked in the order of lines. */
  line(line: number): string {
    if (line < this.#line) {
      this.#line = 1
      this.#from = 0
      this.#text = undefined
    }
    while (this.#line < line) {
      const end = this.#bytes.indexOf(NEWLINE, this.#from)
      if (end < 0) return ''
      this.#from = end + 1
      this.#line++
      this.#text = undefined
    }
    if (this.#text === undefined) {
      const end = this.#bytes.indexOf(NEWLINE, this.#from)
      this.#text = this.#bytes.toString('utf8', this.#from, end < 0 ? this.#bytes.length : end)
    }
    return this.#text
  }

  /** The name of what is called at a position: `gzipSync` of `zlib.gzipSync(` and of `(0, zlib_1.gzipSync)(`. */
  callAt(line: number, column: number): string | undefined {
    const text = this.line(line).slice(column - 1, column + 199)
    return /^(?:\(0, ?)?(?:[\w$]+\.)*([\w$]+)\)?\s*\(/.exec(text)?.[1]
  }

  /**
   * Where the name of a function stands, by where V8 says that it begins: behind `function`, or before its parameters
   * (`name(a) {`, `name = (a) =>`, `name: a =>`). The column, or undefined.
   */
  nameColumn(name: string, line: number, column: number): number | undefined {
    if (name === '') return undefined
    const text = this.line(line)
    const begin = column - 1
    const keyword = /^(?:async\s+)?function\s*\*?\s*/.exec(text.slice(begin, begin + 40))?.[0].length
    if (keyword !== undefined && text.startsWith(name, begin + keyword)) return begin + keyword + 1
    const before = text.slice(Math.max(0, begin - name.length - 20), begin)
    const gap = /(?:\s*[=:]\s*(?:async\s*)?)?$/.exec(before)![0].length
    return before.slice(0, before.length - gap).endsWith(name) ? begin - gap - name.length + 1 : undefined
  }
}
