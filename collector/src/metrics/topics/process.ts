import { seconds, type Topic } from '../topic.ts'

export const process: Topic = {
  name: 'process',
  add({ totals }, points) {
    for (const { kind, duration } of totals.gc ?? []) points.histogram('gcDuration', { 'v8js.gc.type': kind }, duration)
    const { rss, heapUsed, heapTotal, cpuUser, cpuSystem, uptime } = totals.process
    // No process has no memory: it has not been looked at yet.
    if (rss === 0) return
    points.value('heapUsed', {}, heapUsed)
    points.value('heapLimit', {}, heapTotal)
    points.value('processCpuTime', { 'cpu.mode': 'user' }, seconds(cpuUser))
    points.value('processCpuTime', { 'cpu.mode': 'system' }, seconds(cpuSystem))
    points.value('processMemory', {}, rss)
    points.value('processUptime', {}, seconds(uptime))
  },
}
