/** Counts and latencies by route, and the table of them. */

export function createSummary(routes) {
  const rows = new Map(routes.map((route) => [route, { sent: 0, errors: 0, latencies: [], firstError: null }]))
  return {
    sent: (route) => void rows.get(route).sent++,
    /** @param {number} ms @param {string | null} error why it is not an answer that the client wanted */
    done(route, ms, error) {
      const row = rows.get(route)
      row.latencies.push(ms)
      if (error === null) return
      row.errors++
      row.firstError ??= error
    },
    rows: () => [...rows].map(([route, row]) => summarise(route, row)),
  }
}

function summarise(route, { sent, errors, latencies, firstError }) {
  const sorted = Float64Array.from(latencies).sort()
  return { route, count: sent, errors, p50: quantile(sorted, 0.5), p99: quantile(sorted, 0.99), firstError }
}

/** The nearest rank; null where nothing was measured. */
function quantile(sorted, q) {
  return sorted.length === 0 ? null : sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)]
}

export function formatSummary(rows, { seconds, skipped }) {
  const ms = (value) => (value === null ? '-' : `${value.toFixed(1)} ms`)
  const count = rows.reduce((sum, row) => sum + row.count, 0)
  const errors = rows.reduce((sum, row) => sum + row.errors, 0)
  const lines = rows.map((row) => line(row.route, row.count, row.errors, ms(row.p50), ms(row.p99)))
  lines.unshift(line('ROUTE', 'COUNT', 'ERRORS', 'P50', 'P99'))
  lines.push(`${count} requests in ${seconds.toFixed(1)} s, ${(count / seconds).toFixed(0)}/s, ${errors} errors`)
  if (skipped > 0) lines.push(`${skipped} more were not sent: too many were waiting for an answer already`)
  for (const { route, firstError } of rows)
    if (firstError !== null) lines.push(`first error of ${route}: ${firstError}`)
  return lines.join('\n')
}

function line(route, ...columns) {
  return route.padEnd(30) + columns.map((column) => String(column).padStart(11)).join('')
}
