import { metric } from '../promql.ts'
import { command, WHERE, type AlertRule } from './rule.ts'

export function agentDropping(): AlertRule[] {
  return [
    {
      alert: 'LoopscopeAgentDropping',
      expr: `rate(${metric('agentDropped')}[5m]) > 0`,
      for: '5m',
      labels: { severity: 'info' },
      annotations: {
        summary: `loopscope in ${WHERE} loses {{ $value | humanize }} events a second.`,
        description:
          `The agent's worker does not keep up, so counts of requests, pools and tasks are too low; times of the loop are` +
          ` not affected. Run \`${command('instances')}\` for its cost. Is the host short of CPU? Otherwise leave the busiest` +
          ` hook off with LOOPSCOPE_DISABLE, and report it.`,
      },
    },
  ]
}
