/** Puts values in place of the variables of a dashboard, as Grafana does before it asks Prometheus. */
export interface Values {
  job: string
  instance: string
  /** The window of `rate()`, and the time shown, in seconds. */
  rateInterval: number
  range: number
}

export function substitute(expr: string, { job, instance, rateInterval, range }: Values): string {
  const text = expr
    .replaceAll('$job', job)
    .replaceAll('$instance', instance)
    .replaceAll('$__rate_interval_ms', String(rateInterval * 1000))
    .replaceAll('$__rate_interval', `${rateInterval}s`)
    .replaceAll('$__range', `${range}s`)
  const left = /\$\w+/.exec(text)
  if (left) throw new Error(`the end-to-end test does not know the variable ${left[0]} in ${expr}`)
  return text
}
