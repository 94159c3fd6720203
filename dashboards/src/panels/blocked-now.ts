import type { Panel } from '../panel.ts'
import { watched } from '../promql.ts'

export const blockedNow: Panel = {
  title: 'Blocked now',
  shows: 'For how long one callback has held the event loop at this moment; the longest of the chosen instances.',
  bad: 'anything but 0: while it lasts, the process answers nobody.',
  act: 'run `loopscope blocks` on the instance: the open block names the function, line and route that hold it.',
  kind: 'stat',
  unit: 's',
  width: 6,
  look: 0.05,
  red: 1,
  queries: [{ expr: `max(${watched('blockedDuration')})`, legend: 'blocked for' }],
}
