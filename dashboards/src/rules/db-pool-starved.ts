import { metric } from '../promql.ts'
import { command, type AlertRule } from './rule.ts'

export function dbPoolStarved(): AlertRule[] {
  const pending = metric('connectionPending')
  const used = `${metric('connectionCount')}{db_client_connection_state="used"}`
  const limit = metric('connectionLimit')
  return [
    {
      alert: 'DbPoolStarved',
      expr:
        `${pending} > 0 and ignoring (db_client_connection_state)` +
        ` (${used} >= ignoring (db_client_connection_state) ${limit})`,
      for: '1m',
      labels: { severity: 'warning' },
      annotations: {
        summary:
          'Pool {{ $labels.db_client_connection_pool_name }} ({{ $labels.db_system_name }}) of {{ $labels.job }}' +
          ' ({{ $labels.loopscope_instance }}) is full, {{ $value }} requests wait for a connection.',
        description:
          `Run \`${command('pools')}\`: the holders are listed with route, line and age. Shorten what the oldest do while` +
          ` they hold a connection (no HTTP calls, no computing, no forgotten release) before enlarging the pool; if the` +
          ` loop is blocked at the same time, fix that first: queries then wait for the loop, not for the database.`,
      },
    },
  ]
}
