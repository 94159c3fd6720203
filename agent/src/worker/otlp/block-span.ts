/** What the span of one block says. Names of OpenTelemetry's semantic conventions where they exist; times in seconds. */
import type { Attributes } from '@opentelemetry/api'
import type { BlockRow, Frame } from '@loopscope/collector/protocol'

export const BLOCK_SPAN = 'event_loop.block'

/** A route is shown as "GET /cart/:id"; OpenTelemetry's `http.route` is the path alone. */
const METHOD_AND_PATH = /^([A-Z]+) (\/.*)$/

export function blockAttributes(row: BlockRow): Attributes {
  const { activity, victims } = row
  const [, method, path] = METHOD_AND_PATH.exec(row.route ?? '') ?? [null, null, row.route]
  const known: Record<string, string | number | null> = {
    'loopscope.block.cause': row.cause,
    'loopscope.block.api': row.api,
    'loopscope.block.id': row.id,
    'loopscope.block.allowed': row.allowed ?? null,
    'loopscope.instance': row.instance,
    'thread.name': row.thread,
    'code.function.name': row.function,
    'code.file.path': row.file,
    'code.line.number': row.line,
    'code.column.number': row.column,
    'code.stacktrace': row.stack.length > 0 ? row.stack.map(stackLine).join('\n') : null,
    'http.request.method': method ?? null,
    'http.route': path ?? null,
    'loopscope.activity.kind': activity?.kind ?? null,
    'loopscope.activity.name': activity?.name ?? null,
    'loopscope.block.victims.count': victims.count,
    'loopscope.block.victims.time': victims.time / 1000,
  }
  const attributes: Attributes = {}
  for (const [name, value] of Object.entries(known)) if (value !== null) attributes[name] = value
  return attributes
}

/** As V8 writes it, so that backends that know JavaScript stacks can link it. */
function stackLine(frame: Frame): string {
  return `    at ${frame.async ? 'async ' : ''}${frame.function} (${frame.file}:${frame.line}:${frame.column})`
}
