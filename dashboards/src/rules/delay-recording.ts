import { grown, labels, metric } from '../promql.ts'
import { OBJECTIVE, type RuleParameters } from './objective.ts'
import { CULPRITS, type RecordingRule } from './rule.ts'

const bucket = metric('delay', 'bucket')
const count = metric('delay', 'count')
const by = labels(
  'job',
  'instance',
  'loopscope.instance',
  'code.function.name',
  'code.file.path',
  'http.request.method',
  'http.route',
)

/** The share of time in the window in which the delay was over the objective, per instance. */
export function overObjective(window: string): string {
  return `instance:loopscope_eventloop_delay_over_objective:ratio_rate${window}`
}

export function delayRecordings({ fast, slow }: RuleParameters): RecordingRule[] {
  const windows = [...new Set([fast.short, slow.short, fast.long, slow.long])]
  return [
    ...windows.map((window) => ({
      record: overObjective(window),
      expr:
        `1 - sum without (le) (rate(${bucket}{le="${OBJECTIVE.delayBorder}"}[${window}]))` +
        ` / rate(${count}[${window}])`,
    })),
    {
      record: 'instance:loopscope_eventloop_delay_seconds:p99_5m',
      expr: `histogram_quantile(0.99, rate(${bucket}[5m]))`,
    },
    {
      record: 'job:loopscope_eventloop_delay_seconds:p99_5m',
      expr: `histogram_quantile(0.99, sum by (job, le) (rate(${bucket}[5m])))`,
    },
    { record: CULPRITS, expr: `sum by (${by}) (${grown(metric('blockDuration', 'sum'), '5m')}) > 0` },
  ]
}
