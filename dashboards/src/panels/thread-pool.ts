import type { Panel } from '../panel.ts'
import { watched } from '../promql.ts'

const noView = 'only some systems let the agent see how many threads work'

/** Every thread of a process sees the same pool, so a sum over instances would count it twice: the largest is shown. */
export const threadPool: Panel = {
  title: "libuv's thread pool",
  shows:
    'Threads of the pool, how many work, and how many jobs (files, dns.lookup, crypto, zlib) wait for one; the fullest of the chosen instances.',
  bad: 'all working and jobs waiting: file and crypto work of all requests queues.',
  act: 'see the wait beside it; set UV_THREADPOOL_SIZE up to the number of cores, or do less of it at once.',
  kind: 'timeseries',
  unit: 'short',
  queries: [
    { expr: `max(${watched('threadpoolSize')})`, legend: 'threads' },
    { expr: `max(${watched('threadpoolActive')})`, legend: 'working', mayBeEmpty: noView },
    { expr: `max(${watched('threadpoolQueued')})`, legend: 'waiting', mayBeEmpty: noView },
  ],
}
