/** Cells that several tables share. */
import type { BlockRow, Cause, ModuleTime } from '@loopscope/collector/protocol'
import { place } from '../text/path.ts'
import { duration } from '../text/units.ts'
import type { ViewContext } from './context.ts'
import { segment, type Segment } from './line.ts'
import type { Column } from './table.ts'

export const CAUSE_NAMES: Record<Cause, string> = {
  js: 'js',
  'sync-call': 'sync-call',
  gc: 'gc',
  'cpu-starved': 'starved',
  suspended: 'suspended',
  unknown: 'unknown',
}

/** Yellow and red by two limits; below the first it is plain. */
export function graded(text: string, value: number | null | undefined, look: number, act: number): Segment {
  if (value === null || value === undefined || value < look) return segment(text)
  return segment(text, value < act ? 'look' : 'act')
}

export function gradedDuration(ms: number | null | undefined, look: number, act: number): Segment {
  return graded(duration(ms), ms, look, act)
}

export function at(
  row: { file: string | null; line: number | null; column?: number | null },
  context: ViewContext,
): string {
  return place(row.file, row.line, row.column ?? null, context.cwd)
}

/** Packages that find the route of a request, whatever framework they are of. */
const ROUTERS = new Set(['express', 'router', 'path-to-regexp', 'find-my-way', 'fastify', '@koa/router', 'koa-router'])

type Routed = Pick<BlockRow, 'route' | 'activity' | 'package'>

/** Of a block in the router itself no route is known yet. */
function isInRouter({ route, activity, package: held }: Routed): boolean {
  return route === null && activity?.kind === 'request' && ROUTERS.has(held?.name ?? '')
}

export function routeCell(row: Routed): string {
  return row.route ?? (isInRouter(row) ? '(in the router)' : '-')
}

/** The route, or why there is none. */
export function routeText(row: Routed, otherwise: string): string {
  if (row.route !== null) return row.route
  if (row.activity?.kind !== 'request') return otherwise
  return isInRouter(row) ? 'no route yet (in the router)' : 'no route'
}

/** A part of a start-up. */
export function loadingOf({ name, own }: ModuleTime): string {
  return own ? `in ${name}` : `in require of ${name}`
}

/** Which instance a row belongs to; there only where there are several. */
export function instanceColumn<Row extends { instance: string }>(): Column<Row> {
  return {
    id: 'instance',
    header: 'INSTANCE',
    about: 'the thread it is in: pid, and thread where there are several',
    width: 8,
    max: 24,
    drop: 5.5,
    when: (context) => context.many,
    cell: (row, context) => context.instanceName(row.instance),
    sort: (row, context) => context.instanceName(row.instance),
  }
}
