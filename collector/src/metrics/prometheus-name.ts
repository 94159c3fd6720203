/**
 * Names and labels in Prometheus form, by OpenTelemetry's rules (specification, "Prometheus and OpenMetrics
 * Compatibility"): what Prometheus does not allow becomes `_`; the unit is a suffix in words (`_seconds`, `_bytes`); a gauge
 * of unit `1` ends in `_ratio` (so nodejs.eventloop.utilization is nodejs_eventloop_utilization_ratio); a unit in braces
 * is a remark and is dropped; a counter ends in `_total`.
 */
import type { MetricDefinition } from './names.ts'

const UNITS: Record<string, string> = {
  s: 'seconds',
  ms: 'milliseconds',
  us: 'microseconds',
  ns: 'nanoseconds',
  min: 'minutes',
  h: 'hours',
  d: 'days',
  By: 'bytes',
  KiBy: 'kibibytes',
  MiBy: 'mebibytes',
  '%': 'percent',
}

export function prometheusName(name: string, unit: string, type: MetricDefinition['type']): string {
  let result = sanitize(name)
  const suffix = unitSuffix(unit, type)
  if (type === 'counter') result = result.replace(/_total$/, '')
  if (suffix !== '' && !result.endsWith(`_${suffix}`)) result += `_${suffix}`
  return type === 'counter' ? `${result}_total` : result
}

export function prometheusLabel(attribute: string): string {
  return sanitize(attribute).replaceAll(':', '_')
}

function sanitize(name: string): string {
  const clean = name.replace(/[^a-zA-Z0-9_:]+/g, '_').replace(/__+/g, '_')
  return /^\d/.test(clean) ? `_${clean}` : clean
}

function unitSuffix(unit: string, type: MetricDefinition['type']): string {
  const bare = unit.replace(/\{[^}]*\}/g, '')
  if (bare === '1') return type === 'gauge' ? 'ratio' : ''
  const [amount = '', per = ''] = bare.split('/', 2)
  const words = amount === '1' ? '' : word(amount)
  return per === '' ? words : [words, 'per', word(per).replace(/s$/, '')].filter((part) => part !== '').join('_')
}

function word(unit: string): string {
  return UNITS[unit] ?? sanitize(unit).replace(/^_|_$/g, '')
}
