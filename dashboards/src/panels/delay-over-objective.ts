import type { Panel } from '../panel.ts'
import { watchedHistogram } from '../promql.ts'
import { OBJECTIVE } from '../rules/objective.ts'

const all = `sum(rate(${watchedHistogram('delay', 'count')}[$__rate_interval]))`
const within = `sum(rate(${watchedHistogram('delay', 'bucket', `le="${OBJECTIVE.delayBorder}"`)}[$__rate_interval]))`

export const delayOverObjective: Panel = {
  title: 'Time over the objective',
  shows: `The share of time in which a callback that became ready would have waited longer than ${OBJECTIVE.delayBorder} s for the loop.`,
  bad: `above ${percent(1 - OBJECTIVE.share)} %: the error budget is used up faster than it fills; EventLoopLagHigh counts it.`,
  act: 'find the culprit below, in *Blocks by culprit*.',
  kind: 'stat',
  unit: 'percentunit',
  width: 6,
  look: 1 - OBJECTIVE.share,
  red: 10 * (1 - OBJECTIVE.share),
  queries: [{ expr: `1 - ${within} / ${all}`, legend: 'over the objective' }],
}

function percent(share: number): number {
  return Math.round(share * 1e4) / 100
}
