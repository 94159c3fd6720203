import { overObjective } from './delay-recording.ts'
import { OBJECTIVE, type BurnRate, type RuleParameters } from './objective.ts'
import { command, WHERE, WORST_CULPRIT, type AlertRule } from './rule.ts'

/** One alert in two speeds: a fire, and a slow leak of the error budget. */
export function eventLoopLagHigh({ fast, slow }: RuleParameters): AlertRule[] {
  return [fast, slow].map(alert)
}

function alert({ severity, long, short, factor }: BurnRate): AlertRule {
  const limit = Number((factor * (1 - OBJECTIVE.share)).toPrecision(6))
  return {
    alert: 'EventLoopLagHigh',
    expr: `${overObjective(long)} > ${limit} and ${overObjective(short)} > ${limit}`,
    labels: { severity },
    annotations: {
      summary:
        `Event loop of ${WHERE}: delay over ${OBJECTIVE.delayBorder} s in {{ $value | humanizePercentage }}` +
        ` of the last ${long}.${WORST_CULPRIT}`,
      description:
        `Callbacks that are ready wait for the loop, so every request of this process is late. The objective` +
        ` (at most ${OBJECTIVE.delayBorder} s in ${100 * OBJECTIVE.share} % of the time) is missed ${factor} times faster than the` +
        ` budget allows. Run \`${command('blocks')}\`: the rows name function, line and route. Take that work off the` +
        ` loop; if there is no single culprit (\`${command('hot')}\`), the process is full: add more of them.`,
    },
  }
}
