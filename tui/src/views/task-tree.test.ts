import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TaskRow } from '@loopscope/collector/protocol'
import { treeOf } from './task-tree.ts'

function task(id: string, age: number, parent: string | null): TaskRow {
  return { id, instance: 'one', kind: 'request', name: id, state: 'waiting', age, waitingOn: null, site: null, parent }
}

const shown = (rows: TaskRow[]): string[] => treeOf(rows).map(({ row, depth }) => '  '.repeat(depth) + row.id)

test('each unit of work is below the one that began it, the oldest first', () => {
  const rows = [task('mail', 20, 'order'), task('cart', 90, null), task('pdf', 30, 'order'), task('order', 50, null)]
  rows.push(task('font', 5, 'pdf'))
  assert.deepEqual(shown(rows), ['cart', 'order', '  pdf', '    font', '  mail'])
})

test('one whose parent has ended stands by itself', () => {
  assert.deepEqual(shown([task('mail', 20, 'gone'), task('cart', 10, null)]), ['mail', 'cart'])
})

test('rows that claim to be their own parents are shown or left out, but never walked for ever', () => {
  assert.deepEqual(shown([task('self', 1, 'self')]), ['self'])
  assert.deepEqual(shown([task('a', 2, 'b'), task('b', 1, 'a'), task('c', 1, null)]), ['c'])
})
