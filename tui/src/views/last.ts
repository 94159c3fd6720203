/** What killed processes were stuck in: a table, and the stack of the newest. */
import type { BlackBoxRecord } from '@loopscope/collector/protocol'
import { place } from '../text/path.ts'
import { clockTime, duration, shortCount, shortDuration } from '../text/units.ts'
import { culpritName } from './blocks.ts'
import { gradedDuration, routeCell } from './cells.ts'
import type { ViewContext } from './context.ts'
import { line, segment, type Line } from './line.ts'
import { tableText } from './report.ts'
import type { TableSpec } from './table.ts'

const FRAMES = 12

export function lastLines(records: BlackBoxRecord[], context: ViewContext, width: number, limit: number): Line[] {
  const newest = records[0]
  return [...tableText(tableOf(records), context, width, limit), ...(newest ? stackOf(newest, context) : [])]
}

function tableOf(records: BlackBoxRecord[]): TableSpec<BlackBoxRecord> {
  return {
    key: (row) => `${row.host}|${row.pid}|${row.startedAt}|${row.block.thread}`,
    rows: () => records,
    empty: () =>
      'No process was killed in the middle of a block of a second or more, as far as records are kept (7 days).',
    columns: [
      {
        id: 'ago',
        header: 'AGO',
        about: 'since it was last alive',
        width: 6,
        align: 'right',
        cell: (row, { now }) => duration(Math.max(0, now - row.writtenAt)),
      },
      {
        id: 'service',
        header: 'SERVICE',
        about: 'its service',
        width: 8,
        max: 30,
        cell: (row) => segment(row.service, 'strong'),
      },
      { id: 'pid', header: 'PID', about: 'its process', width: 7, align: 'right', cell: (row) => String(row.pid) },
      {
        id: 'thread',
        header: 'THREAD',
        about: 'its thread',
        width: 6,
        max: 16,
        drop: 2,
        cell: (row) => row.block.thread,
      },
      {
        id: 'held',
        header: 'HELD',
        about: 'how long the loop had been held, at least',
        width: 6,
        align: 'right',
        cell: (row) => gradedDuration(row.block.duration, 1000, 5000),
      },
      {
        id: 'culprit',
        header: 'CULPRIT',
        about: 'the function that held it',
        width: 12,
        max: 36,
        cell: (row) => segment(culpritName(row.block), 'strong'),
      },
      {
        id: 'at',
        header: 'AT',
        about: 'its file, line and column',
        width: 14,
        max: 60,
        keep: 'end',
        cell: ({ block, cwd }) => place(block.file, block.line, block.column, cwd),
      },
      {
        id: 'route',
        header: 'ROUTE',
        about: 'the route of the request that ran it',
        width: 11,
        max: 32,
        cell: (row) => routeCell(row.block),
      },
      {
        id: 'waited',
        header: 'WAITED',
        about: 'requests and tasks that waited',
        width: 6,
        align: 'right',
        drop: 1,
        cell: (row) => shortCount(row.block.victims.count),
      },
      {
        id: 'host',
        header: 'HOST',
        about: 'where it ran',
        width: 8,
        max: 24,
        drop: 1,
        when: () => new Set(records.map((row) => row.host)).size > 1,
        cell: (row) => row.host,
      },
    ],
  }
}

function stackOf({ block, service, pid, command, cwd, writtenAt }: BlackBoxRecord, context: ViewContext): Line[] {
  const what = `${service}, pid ${pid} (${command}): last alive at ${clockTime(writtenAt)}, after ${shortDuration(block.duration)} in`
  const frames = block.stack.slice(0, FRAMES).map((frame) => {
    const where = place(frame.file, frame.line, frame.column, cwd)
    return line('  ', `${frame.async ? 'async ' : ''}${frame.function}`, '  ', segment(where, 'dim'))
  })
  const more = block.stack.length - FRAMES
  if (frames.length === 0) frames.push(line(segment('  no stack could be taken', 'dim')))
  if (more > 0) frames.push(line(segment(`  and ${more} more frames ${context.glyphs.ellipsis}`, 'dim')))
  return [line(), line(segment(what, 'accent')), ...frames]
}
