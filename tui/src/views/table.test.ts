import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LOOK, watched } from '../testing/scene.ts'
import { contextOf } from './context.ts'
import { segment, textOf } from './line.ts'
import { arrange, drawTable, UNORDERED, type TableSpec } from './table.ts'

interface Row {
  name: string
  size: number
}

const context = contextOf(watched({ seconds: 1 }), LOOK.glyphs, LOOK.cwd)
const ROWS: Row[] = [
  { name: 'alpha', size: 1 },
  { name: 'beta with a long name', size: 300 },
  { name: 'gamma', size: 20 },
]
const spec: TableSpec<Row> = {
  key: (row) => row.name,
  rows: () => ROWS,
  empty: () => 'none',
  columns: [
    { id: 'name', header: 'NAME', about: '', width: 6, max: 30, cell: (row) => row.name, sort: (row) => row.name },
    {
      id: 'size',
      header: 'SIZE',
      about: '',
      width: 5,
      align: 'right',
      cell: (row) => String(row.size),
      sort: (row) => row.size,
    },
    {
      id: 'bar',
      header: 'BAR',
      about: '',
      width: 4,
      max: 20,
      late: true,
      whole: true,
      drop: 2,
      cell: () => [segment('half'), segment(' ########')],
    },
    { id: 'extra', header: 'EXTRA', about: '', width: 5, drop: 1, cell: () => 'x' },
  ],
}
const draw = (width: number, height = 9, selected?: number) =>
  drawTable(spec, ROWS, context, UNORDERED, { width, height, ...(selected === undefined ? {} : { selected }) }).map(
    (line) => textOf(line).trimEnd(),
  )

test('as wide as the content where there is no limit', () => {
  assert.deepEqual(draw(Infinity), [
    'NAME                    SIZE  BAR            EXTRA',
    'alpha                      1  half ########  x',
    'beta with a long name    300  half ########  x',
    'gamma                     20  half ########  x',
  ])
})

test('too narrow, it drops columns in their order, then cuts text, and never shows half a bar', () => {
  assert.equal(draw(50)[2], 'beta with a long name    300  half ########  x')
  assert.equal(draw(44)[2], 'beta with a long name    300  half     x')
  assert.equal(draw(20)[2], 'beta w…    300  half')
  assert.equal(draw(14)[2], 'beta w…    300')
  for (let width = 13; width < 70; width++)
    for (const line of draw(width)) assert.ok(line.length <= width, `${width}: ${line}`)
})

test('a list longer than its window shows the page of the selected row', () => {
  assert.deepEqual(draw(Infinity, 3, 0).length, 3)
  assert.match(draw(Infinity, 3, 2).at(-1)!, /^gamma/)
  assert.match(draw(Infinity, 3, 1).at(-1)!, /^beta/)
})

test('rows are filtered by what is shown, and sorted large first and from A on', () => {
  const names = (order: Partial<typeof UNORDERED> & { sort?: string }) =>
    arrange(spec, context, { ...UNORDERED, ...order }).map((row) => row.name[0])
  assert.deepEqual(names({ filter: '30' }), ['b'])
  assert.deepEqual(names({ filter: 'ALPHA' }), ['a'])
  assert.deepEqual(names({ sort: 'size' }), ['b', 'g', 'a'])
  assert.deepEqual(names({ sort: 'name', reversed: true }), ['g', 'b', 'a'])
})
