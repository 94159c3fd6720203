// A program with its own OpenTelemetry: one block in an active span, one in a span that is not sampled.
import { context, trace, TraceFlags } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'

context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())

function hold() {
  const end = performance.now() + 250
  while (performance.now() < end);
}

function inSpan(traceFlags, fn) {
  const spanContext = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331', traceFlags }
  return context.with(trace.setSpan(context.active(), trace.wrapSpanContext(spanContext)), fn)
}

// Behind an await, so that the span comes from the asynchronous context. The agent finds the manager within a second.
const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
setInterval(() => {}, 10_000)
await wait(1500)
await inSpan(TraceFlags.SAMPLED, async () => {
  await wait(10)
  hold()
})
await wait(300)
await inSpan(TraceFlags.NONE, async () => {
  await wait(10)
  hold()
})
await wait(300)
console.log('held twice')
