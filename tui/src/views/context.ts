/** What cells need to know beside their row. */
import type { Glyphs } from '../text/glyphs.ts'
import { shown, type Sample, type State } from '../state/state.ts'
import type { InstanceRow, LoopRow, Tables } from '@loopscope/collector/protocol'

export interface ViewContext {
  tables: Tables
  history: Record<string, Sample[]>
  /** The server's clock: ages are told against it. */
  now: number
  glyphs: Glyphs
  cwd: string
  /** More than one instance: rows say which is theirs. */
  many: boolean
  instanceName: (id: string) => string
  loopOf: (id: string) => LoopRow | undefined
}

export function contextOf(state: State, glyphs: Glyphs, cwd: string): ViewContext {
  return contextFor(shown(state), glyphs, cwd)
}

export function contextFor(
  from: { tables: Tables; history: Record<string, Sample[]>; now: number },
  glyphs: Glyphs,
  cwd: string,
): ViewContext {
  const { tables } = from
  const names = instanceNames(tables.instances)
  const loops = new Map(tables.loop.map((row) => [row.instance, row]))
  return {
    ...from,
    glyphs,
    cwd,
    many: Math.max(tables.instances.length, tables.loop.length) > 1,
    instanceName: (id) => names.get(id) ?? id,
    loopOf: (id) => loops.get(id),
  }
}

/** As short as it tells them apart: the pid, with the thread where a process has several, with the host where there are several. */
export function instanceNames(instances: InstanceRow[]): Map<string, string> {
  const hosts = new Set(instances.map((row) => row.host))
  const threads = new Map<string, number>()
  for (const row of instances) threads.set(`${row.host}/${row.pid}`, (threads.get(`${row.host}/${row.pid}`) ?? 0) + 1)
  const nameOf = (row: InstanceRow) => {
    const host = hosts.size > 1 ? `${row.host}/` : ''
    const thread = threads.get(`${row.host}/${row.pid}`)! > 1 ? `/${row.thread}` : ''
    return `${host}${row.pid}${thread}`
  }
  return new Map(instances.map((row) => [row.id, nameOf(row)]))
}
