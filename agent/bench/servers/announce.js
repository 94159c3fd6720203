/**
 * What every server of the benchmarks does once it listens: it tells its port, and what it has used when it is asked.
 * Plain JavaScript like all files here: type stripping would be a part of what is measured.
 */
export function announce(port) {
  if (!process.send) return console.log(`http://127.0.0.1:${port}/`)
  process.on('message', ({ ask }) => {
    if (ask !== 'usage') return
    globalThis.gc?.()
    const { rss, heapUsed } = process.memoryUsage()
    process.send({ cpu: process.cpuUsage(), rss, heap: heapUsed })
  })
  process.send({ port })
}
