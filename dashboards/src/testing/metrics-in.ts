/** Reads the metrics out of a PromQL expression, without a parser: a word that has the prefix of one of ours is one. */
import { METRICS, prometheusName } from '@loopscope/collector'

const NAMES = new Set<string>()
const PREFIXES = new Set<string>()
for (const { name, unit, type } of Object.values(METRICS)) {
  const inPrometheus = prometheusName(name, unit, type)
  for (const part of type === 'histogram' ? ['_bucket', '_sum', '_count'] : ['']) NAMES.add(inPrometheus + part)
  PREFIXES.add(name.split('.')[0]!)
}

export function metricsIn(expr: string): { known: string[]; unknown: string[]; selectors: string[] } {
  const selectors = expr.match(/\{[^}]*\}/g) ?? []
  const bare = expr
    .replaceAll(/\{[^}]*\}/g, '')
    .replaceAll(/"[^"]*"/g, '')
    .replaceAll(/\b(by|without|ignoring|on) \([^)]*\)/g, '')
  // A name with a colon is recorded by a rule.
  const words = (bare.match(/[a-zA-Z_][\w:]*/g) ?? []).filter((word) => !word.includes(':'))
  const ours = words.filter((word) => PREFIXES.has(word.split('_')[0]!))
  return {
    known: ours.filter((word) => NAMES.has(word)),
    unknown: ours.filter((word) => !NAMES.has(word)),
    selectors,
  }
}
