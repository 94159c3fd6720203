import { metric } from '../promql.ts'
import { command, WHERE, type AlertRule } from './rule.ts'

/** In seconds. */
const WAIT = 0.1

/** From the waits that the agent's probes measured: true on every system, whoever floods the pool; and from the probe that is still out. */
export function threadPoolSaturated(): AlertRule[] {
  return [
    {
      alert: 'ThreadPoolSaturated',
      expr:
        `histogram_quantile(0.9, rate(${metric('threadpoolWait', 'bucket')}[2m])) > ${WAIT}` +
        ` or max_over_time(${metric('threadpoolProbeAge')}[1m]) > ${WAIT}`,
      for: '1m',
      labels: { severity: 'warning' },
      annotations: {
        summary: `libuv's thread pool of ${WHERE} is full: a job waits {{ $value | humanizeDuration }} for a thread.`,
        description:
          `Files, dns.lookup, crypto and zlib of all requests queue behind one another. Run \`${command('pools')}\` and` +
          ` \`${command('routes')}\` to see which route floods it (pbkdf2, scrypt, gzip, many files at once); limit how many run` +
          ` together, or set UV_THREADPOOL_SIZE up to the number of cores.`,
      },
    },
  ]
}
