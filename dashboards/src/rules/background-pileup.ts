import { metric } from '../promql.ts'
import { command, type AlertRule } from './rule.ts'

/** More than a handful, and still growing: it starts faster than it ends. */
export function backgroundPileup(): AlertRule[] {
  const active = metric('taskActive')
  return [
    {
      alert: 'BackgroundPileup',
      expr: `${active} > 20 and deriv(${active}[10m]) * 600 > 10`,
      for: '2m',
      labels: { severity: 'warning' },
      annotations: {
        summary:
          'Background work {{ $labels.loopscope_task_name }} of {{ $labels.job }} ({{ $labels.loopscope_instance }}) piles' +
          ' up: {{ $value }} run.',
        description:
          `It starts faster than it ends, takes memory and connections, and is lost when the process ends. Run` +
          ` \`${command('tasks')}\`: age, what it waits on and where it was started. Bound how many run at once, or hand it` +
          ` to a job queue.`,
      },
    },
  ]
}
