/** Units of work below the one that began them. Pure. */
import type { TaskRow } from '@loopscope/collector/protocol'
import type { ViewContext } from './context.ts'
import { segment } from './line.ts'
import type { TableSpec } from './table.ts'
import { tasksTable } from './tasks.ts'

export interface Branch {
  row: TaskRow
  depth: number
}

/** Oldest first on each level. One whose parent has ended stands by itself. */
export function treeOf(rows: readonly TaskRow[]): Branch[] {
  const known = new Set(rows.map((row) => row.id))
  const children = Map.groupBy(rows, ({ id, parent }) =>
    parent !== null && parent !== id && known.has(parent) ? parent : null,
  )
  const branches: Branch[] = []
  const walk = (parent: string | null, depth: number): void => {
    const below = (children.get(parent) ?? []).toSorted((a, b) => b.age - a.age)
    children.delete(parent) // whatever comes over the wire, no circle is walked twice
    for (const row of below) {
      branches.push({ row, depth })
      walk(row.id, depth + 1)
    }
  }
  walk(null, 0)
  return branches
}

/** The table of tasks in this order, with the names moved in. */
export const taskTreeTable: TableSpec<Branch> = {
  key: ({ row }) => tasksTable.key(row),
  rows: ({ tables }) => treeOf(tables.tasks),
  empty: tasksTable.empty,
  columns: tasksTable.columns.map(({ sort: _sort, ...column }) => ({
    ...column,
    cell: ({ row, depth }, context) =>
      column.id === 'name' ? segment(stem(depth, context) + row.name, 'strong') : column.cell(row, context),
  })),
}

function stem(depth: number, { glyphs }: ViewContext): string {
  const { bottomLeft, across } = glyphs.box
  return depth === 0 ? '' : `${'  '.repeat(depth - 1)}${bottomLeft}${across}`
}
