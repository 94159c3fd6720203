/** `loopscope hot --by … --last …`: the samples of a window, added up; the plain table is the stream's last minute. */
import type { Elsewhere, InstanceRow } from '@loopscope/collector/protocol'
import { emptyTables } from '@loopscope/collector/protocol'
import { UsageError } from '../errors.ts'
import { clockTime } from '../text/units.ts'
import { contextFor } from '../views/context.ts'
import { GROUPINGS, hotGroupTable, type Grouping, type HotGroup } from '../views/hot-groups.ts'
import { line, segment, type Line } from '../views/line.ts'
import { tableText } from '../views/report.ts'
import type { CommandContext, Option, Surroundings } from './command.ts'
import { outputWidth, printLines } from './print.ts'
import { repeat, type Rhythm } from './repeat.ts'
import { sourceOf } from './source.ts'
import { spanOption, spanText } from './span.ts'

export const HOT_OPTIONS: Record<string, Option> = {
  by: { type: 'string', value: 'WHAT', about: `added up by ${GROUPINGS.join(', ')} (default: by line and route)` },
  last: { type: 'string', value: 'SPAN', about: 'of this time up to now: 30s, 5m, up to 15m (default 1m)' },
}

export const HOT_EXAMPLES = [
  ['loopscope hot --last 15m --by function', 'what was hot in the last quarter of an hour'],
  ['loopscope hot --by route', "each route's share of the loop"],
] as const

export function asksForWindow({ values }: CommandContext): boolean {
  return values.by !== undefined || values.last !== undefined
}

export async function runHotWindow(context: CommandContext, limit: number, rhythm: Rhythm): Promise<number> {
  const { values, surroundings } = context
  const by = groupingOption(values.by)
  const last = spanOption('last', values.last, 60)
  const source = await sourceOf(context)
  const query = {
    last: String(last),
    ...(by === undefined ? {} : { by }),
    ...(Number.isFinite(limit) && values.json === true ? { limit: String(Math.round(limit)) } : {}),
    ...(source.instance === undefined ? {} : { instance: source.instance }),
  }
  const print = async () => {
    const answer = await source.fetchTable('hot', query)
    if (values.json === true) {
      surroundings.stdout.write(`${JSON.stringify(answer, null, values.watch === true ? 0 : 2)}\n`)
      return
    }
    const { items } = await source.fetchTable('instances', {})
    const groups = answer.items as HotGroup[]
    const head = values.watch === true ? [line(segment(clockTime(answer.now), 'dim'))] : []
    const lines = textOf({ groups, by, last, limit, now: answer.now, instances: items as InstanceRow[] }, surroundings)
    printLines([...head, ...lines, ...elsewhereLine(answer.elsewhere, last)], surroundings)
  }
  return repeat(print, rhythm, surroundings.now)
}

interface Answer {
  groups: HotGroup[]
  by: Grouping | undefined
  last: number
  limit: number
  now: number
  instances: InstanceRow[]
}

function textOf({ groups, by, last, limit, now, instances }: Answer, surroundings: Surroundings): Line[] {
  const { glyphs, cwd } = surroundings.look
  // Rows say which instance is theirs where there are several of them among the rows. A worker of a cluster is told of twice.
  const known = new Map(instances.map((row) => [row.id, row]))
  const shown = [...known.values()].filter((row) => groups.some((group) => group.instance === row.id))
  const context = contextFor({ tables: { ...emptyTables(), instances: shown }, history: {}, now }, glyphs, cwd)
  const rows = [...groups].sort((a, b) => b.time - a.time)
  return tableText(hotGroupTable(rows, by, last), context, outputWidth(surroundings), limit)
}

function elsewhereLine(elsewhere: Elsewhere[] | undefined, last: number): Line[] {
  const [first] = elsewhere ?? []
  if (!first) return []
  const pids = elsewhere!.map((one) => one.pid).join(', ')
  const who = elsewhere!.length === 1 ? `process ${pids}, which keeps its` : `processes ${pids}, which keep their`
  const text = `without ${who} own samples: loopscope hot ${first.pid} --last ${spanText(last)}`
  return [line(segment(text, 'look'))]
}

function groupingOption(value: string | boolean | undefined): Grouping | undefined {
  const found = GROUPINGS.find((grouping) => grouping === value)
  if (value === undefined || found !== undefined) return found
  throw new UsageError(`--by is "${String(value)}"`, `it must be one of ${GROUPINGS.join(', ')}`)
}
