/**
 * The source of everything that is shown: one or many live streams under one listener. With no target it is all local
 * processes, and those that come later too.
 */
import { UserError } from '../errors.ts'
import type { Elsewhere } from '@loopscope/collector/protocol'
import { API, fetchFile, fetchJson, type ApiFile, type Endpoint } from './endpoint.ts'
import { LIVE_DEFAULTS, openLive, type SourceListener } from './live.ts'
import { localSockets } from './local.ts'
import { resolveTarget, socketEndpoint, type TargetOptions } from './target.ts'

export interface Source {
  /** The instance that the target means, where it means one of several. */
  instance?: string
  start(listener: SourceListener): void
  stop(): void
  /** One table of the API, as it is served: `{ now, items }`; of several servers, their items together. */
  fetchTable(table: string, query: Record<string, string>): Promise<TableAnswer>
  /** A file of the API from each server: what it sent, or why it did not. */
  fetchFiles(path: string): Promise<(ApiFile | UserError)[]>
}

export interface TableAnswer {
  now: number
  items: unknown[]
  /** Instances that none of the servers could speak for. */
  elsewhere?: Elsewhere[]
}

export interface SourceOptions extends TargetOptions {
  now: () => number
  firstRetryMs?: number
  longestRetryMs?: number
  silenceMs?: number
  /** How often new local processes are looked for. */
  rescanMs?: number
}

export async function openSource(target: string | undefined, options: SourceOptions): Promise<Source> {
  const { endpoints, instance } = await resolveTarget(target, options)
  const rescan =
    target === undefined
      ? () => localSockets(options.directory).map((socket) => socketEndpoint(socket, options))
      : undefined
  const source = sourceOf(endpoints, options, rescan)
  return instance === undefined ? source : { ...source, instance }
}

/** `rescan`: the endpoints that are there now; those of them that are gone for good are dropped, new ones are joined. */
export function sourceOf(first: Endpoint[], options: SourceOptions, rescan?: () => Endpoint[]): Source {
  const known = new Map(first.map((endpoint) => [endpoint.label, endpoint]))
  const running = new Map<string, () => void>()
  /** Not joined again: what failed for good, and sockets with nobody behind them, left over from killed processes. */
  const failed = new Set<string>()
  let timer: NodeJS.Timeout | undefined
  let stopped = false

  const start = (listener: SourceListener) => {
    const join = (endpoint: Endpoint) => {
      const hear: SourceListener = (event) => {
        const over = event.type === 'failed' || (rescan !== undefined && event.type === 'lost' && event.nobody)
        if (over) {
          running.get(event.source)?.()
          running.delete(event.source)
          if (event.type === 'lost') known.delete(event.source)
          failed.add(event.source)
        }
        listener(over && event.type === 'lost' ? { type: 'gone', source: event.source } : event)
      }
      running.set(endpoint.label, openLive(endpoint, hear, { ...LIVE_DEFAULTS, ...given(options) }))
    }
    const look = () => {
      const present = new Map(rescan!().map((endpoint) => [endpoint.label, endpoint]))
      for (const label of failed) if (!present.has(label)) failed.delete(label)
      for (const [label, endpoint] of present) {
        if (running.has(label) || failed.has(label)) continue
        known.set(label, endpoint)
        join(endpoint)
      }
      for (const [label, stop] of running) {
        if (present.has(label)) continue
        stop()
        running.delete(label)
        known.delete(label)
        listener({ type: 'gone', source: label })
      }
    }
    for (const endpoint of known.values()) join(endpoint)
    if (rescan) timer = setInterval(look, options.rescanMs ?? 2000)
  }

  const stop = () => {
    stopped = true
    clearInterval(timer)
    for (const end of running.values()) end()
    running.clear()
  }

  const fetchTable = async (table: string, query: Record<string, string>) => {
    const path = `${API}/${table}?${new URLSearchParams(query).toString()}`.replace(/\?$/, '')
    const answers = await Promise.allSettled(
      [...known.values()].map((endpoint) => fetchJson(endpoint, path, options.timeoutMs)),
    )
    const good = answers.flatMap((answer) =>
      answer.status === 'fulfilled' ? [answer.value as Partial<TableAnswer>] : [],
    )
    const bad = answers.find((answer) => answer.status === 'rejected')
    if (good.length === 0)
      throw bad?.reason ?? new UserError('no server to ask', 'start a program with: node --import @loopscope/agent')
    if (good.length === 1) return good[0] as TableAnswer
    const items = eachInstanceOnce(good.map((answer) => answer.items ?? []))
    const limit = Number(query.limit)
    const spoken = new Set(items.map((item) => (item as { instance?: string }).instance))
    const elsewhere = good.flatMap((answer) => answer.elsewhere ?? []).filter(({ instance }) => !spoken.has(instance))
    return {
      now: Math.max(...good.map((answer) => answer.now ?? 0)),
      items: limit > 0 ? items.slice(0, limit) : items,
      ...(elsewhere.length === 0 ? {} : { elsewhere }),
    }
  }

  const fetchFiles = (path: string) =>
    Promise.all(
      [...known.values()].map((endpoint) =>
        fetchFile(endpoint, `${API}/${path}`, options.timeoutMs).catch((error: unknown) => {
          if (error instanceof UserError) return error
          throw error
        }),
      ),
    )

  return {
    start: (listener) => start((event) => (stopped ? undefined : listener(event))),
    stop,
    fetchTable,
    fetchFiles,
  }
}

/** A cluster's worker answers for itself, and its primary does for it too: one of them is enough. */
function eachInstanceOnce(answers: unknown[][]): unknown[] {
  const speaker = new Map<string | undefined, unknown[]>()
  return answers.flatMap((items) =>
    items.filter((item) => {
      const { instance, id } = item as { instance?: string; id?: string }
      const whose = instance ?? id
      if (!speaker.has(whose)) speaker.set(whose, items)
      return speaker.get(whose) === items
    }),
  )
}

function given(options: SourceOptions) {
  return {
    now: options.now,
    ...(options.firstRetryMs === undefined ? {} : { firstRetryMs: options.firstRetryMs }),
    ...(options.longestRetryMs === undefined ? {} : { longestRetryMs: options.longestRetryMs }),
    ...(options.silenceMs === undefined ? {} : { silenceMs: options.silenceMs }),
  }
}
