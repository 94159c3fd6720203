/** What requests pass through on their way, of those that were measured: middleware, hooks, guards, handlers. */
import { ROW_KEY, type LayerRow } from '@loopscope/collector/protocol'
import { duration, shortCount } from '../text/units.ts'
import { at, gradedDuration, instanceColumn } from './cells.ts'
import { segment } from './line.ts'
import type { TableSpec } from './table.ts'

export const LAYERS_ABOUT = 'what the requests of a route pass through, from those measured'

/** The routes whose layers take most first, each in the order in which a request passes. */
function byRoute(rows: readonly LayerRow[]): LayerRow[] {
  const times = new Map<string, number>()
  for (const { route, calls, onLoop, wait } of rows)
    times.set(route, (times.get(route) ?? 0) + calls * (onLoop.mean + wait.mean))
  return [...rows].sort(
    (a, b) =>
      times.get(b.route)! - times.get(a.route)! ||
      a.route.localeCompare(b.route) ||
      a.instance.localeCompare(b.instance) ||
      a.position - b.position,
  )
}

function manner(row: LayerRow): string {
  return row.async === 0 ? 'sync' : row.async > 0.95 ? 'async' : 'both'
}

export const layersTable: TableSpec<LayerRow> = {
  key: ROW_KEY.layers,
  rows: (context) => byRoute(context.tables.layers),
  empty: () => 'No request was measured in the last minute.',
  columns: [
    {
      id: 'route',
      header: 'ROUTE',
      about: 'the route whose requests pass it',
      width: 10,
      max: 40,
      cell: (row) => row.route,
      sort: (row) => row.route,
    },
    {
      id: 'kind',
      header: 'KIND',
      about: 'middleware, hook, guard, pipe, interceptor, providers, handler, error-handler',
      width: 10,
      max: 13,
      cell: (row) => row.kind,
      sort: (row) => row.position,
    },
    {
      id: 'layer',
      header: 'LAYER',
      about: 'its function or class',
      width: 12,
      max: 40,
      cell: (row) => segment(row.name, 'strong'),
      sort: (row) => row.name,
    },
    {
      id: 'manner',
      header: 'HOW',
      about: 'async: it goes on after its synchronous part; both: sometimes',
      width: 5,
      drop: 2,
      cell: (row) => manner(row),
      sort: (row) => row.async,
    },
    {
      id: 'calls',
      header: 'CALLS',
      about: 'how many were measured in the last minute',
      width: 5,
      align: 'right',
      drop: 3,
      cell: (row) => shortCount(row.calls),
      sort: (row) => row.calls,
    },
    {
      id: 'on-loop',
      header: 'ON LOOP',
      about: 'mean time of its synchronous part, without the layers that it calls in it',
      width: 7,
      align: 'right',
      cell: (row) => gradedDuration(row.onLoop.mean, 5, 20),
      sort: (row) => row.onLoop.mean,
    },
    {
      id: 'wait',
      header: 'WAIT',
      about: 'mean time from there until it passed the request on, or was over',
      width: 7,
      align: 'right',
      cell: (row) => duration(row.wait.mean),
      sort: (row) => row.wait.mean,
    },
    {
      id: 'failed',
      header: 'FAILED',
      about: 'calls that failed, or passed an error on',
      width: 6,
      align: 'right',
      drop: 4,
      cell: (row) => (row.failed === 0 ? '-' : segment(shortCount(row.failed), 'look')),
      sort: (row) => row.failed,
    },
    {
      id: 'at',
      header: 'AT',
      about: 'the line that registered it',
      width: 14,
      max: 60,
      keep: 'end',
      drop: 1,
      cell: (row, context) => at(row, context),
      sort: (row, context) => at(row, context),
    },
    instanceColumn(),
  ],
}
