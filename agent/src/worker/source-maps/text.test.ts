import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { GeneratedText } from './text.ts'

/** The position of the mark `|` in the text, and the text without it. */
function marked(text: string): { generated: GeneratedText; line: number; column: number } {
  const before = text.slice(0, text.indexOf('|')).split('\n')
  return {
    generated: new GeneratedText(Buffer.from(text.replace('|', ''))),
    line: before.length,
    column: before.at(-1)!.length + 1,
  }
}

suite('the text around a position', () => {
  test('has lines', () => {
    const text = new GeneratedText(Buffer.from('one\ntwo é\n\nfour'))
    assert.deepEqual(
      [3, 1, 2, 4, 5, 9].map((line) => text.line(line)),
      ['', 'one', 'two é', 'four', '', ''],
    )
  })

  test('says what is called', () => {
    const cases: [string, string | undefined][] = [
      ['zlib.|gzipSync(bytes)', 'gzipSync'],
      ['return |gzipSync(bytes)', 'gzipSync'],
      ['(|0, zlib_1.gzipSync)(bytes)', undefined],
      ['return |(0, zlib_1.gzipSync)(bytes)', 'gzipSync'],
      ['|a.b.c(x)', 'c'],
      ['éé\n  |f (x)', 'f'],
      ['while (|i < 3) i++', undefined],
    ]
    for (const [text, expected] of cases) {
      const { generated, line, column } = marked(text)
      assert.equal(generated.callAt(line, column), expected, text)
    }
  })

  test('says where the name of a function stands', () => {
    const cases: [text: string, name: string, found: string | undefined][] = [
      ['var x;|function c(r){}', 'c', 'c(r)'],
      ['|async function* c(r){}', 'c', 'c(r)'],
      ['var l=|r=>{}', 'l', 'l=r'],
      ['var l = |async (r) => {}', 'l', 'l = '],
      ['let l=async |r=>{}', 'l', 'l=async'],
      ['({ hold: |function(){} })', 'hold', 'hold'],
      ['class o{hold|(e){}}', 'hold', 'hold(e)'],
      ['var $a=|r=>{}', '$a', '$a='],
      ['a.then(|r=>{})', '', undefined],
      ['a.then(|r=>{})', 'b', undefined],
    ]
    for (const [text, name, expected] of cases) {
      const { generated, line, column } = marked(text)
      const at = generated.nameColumn(name, line, column)
      const found = at === undefined ? undefined : generated.line(line).slice(at - 1)
      assert.equal(found?.slice(0, expected?.length), expected, text)
    }
  })
})
