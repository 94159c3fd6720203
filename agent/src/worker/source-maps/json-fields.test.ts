import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { jsonFields } from './json-fields.ts'

function read(text: string): { fields: Record<string, unknown>; pauses: number } {
  const bytes = Buffer.from(text)
  const work = jsonFields(bytes)
  for (let pauses = 0; ; pauses++) {
    const step = work.next()
    if (!step.done) continue
    const fields = [...step.value].map(([name, [from, to]]) => [name, JSON.parse(bytes.toString('utf8', from, to))])
    return { fields: Object.fromEntries(fields) as Record<string, unknown>, pauses }
  }
}

suite('the fields of a JSON object', () => {
  test('are those that JSON.parse finds', () => {
    const values = [
      'a',
      '"',
      '\\',
      '\\"',
      'é€😀',
      '',
      0,
      -1.5e10,
      true,
      null,
      [],
      {},
      [1, ['"]', '{"', '\\\\"']],
      { 'a"}': [{}] },
    ]
    for (const space of [0, 2, '\t']) {
      for (let size = 0; size <= values.length; size++) {
        const object = Object.fromEntries(values.slice(0, size).map((value, i) => [`key "${i}"\\`, value]))
        assert.deepEqual(read(JSON.stringify(object, null, space)).fields, object)
      }
    }
  })

  test('are found in slices', () => {
    const object = {
      version: 3,
      sourcesContent: Array.from({ length: 50_000 }, (_, i) => `const a${i} = "${i}"`),
      mappings: 'AAAA',
    }
    const { fields, pauses } = read(JSON.stringify(object))
    assert.deepEqual(fields, object)
    assert.ok(pauses > 20, `${pauses}`)
    const one = { version: 3, sourcesContent: ['"'.repeat(100_000)] }
    assert.ok(read(JSON.stringify(one)).pauses > 20, 'in one long string, too')
  })

  test('of what is no object, or ends too soon, are none', () => {
    for (const text of [
      '',
      '[]',
      'x',
      '{',
      '{"a',
      '{"a"',
      '{"a":',
      '{"a":1',
      '{"a":"b',
      '{"a":[1',
      '{"a":1 "b":2}',
      '{a:1}',
      '{"a":"\\"',
    ]) {
      assert.throws(() => read(text), SyntaxError, text)
    }
  })
})
