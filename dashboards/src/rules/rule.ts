/** What a rule file of Prometheus is made of. */
export interface RecordingRule {
  record: string
  expr: string
}

export interface AlertRule {
  alert: string
  expr: string
  /** How long it must hold before it fires; at once when left out. */
  for?: string
  labels: { severity: 'critical' | 'warning' | 'info' }
  annotations: {
    /** One line: what, where, and the culprit where it is known. */
    summary: string
    /** What it means, what to do, and the command that shows more. */
    description: string
  }
}

export interface RuleGroup {
  name: string
  interval?: string
  rules: (RecordingRule | AlertRule)[]
}

/** Seconds that each culprit held the loop in the last minutes: recorded, and looked up by the alerts to name the worst. */
export const CULPRITS = 'culprit:loopscope_eventloop_block_duration_seconds:growth5m'

/** Whom an alert is about, as people know it. */
export const WHERE = '{{ $labels.job }} ({{ $labels.loopscope_instance }})'

/** A command on the process that the alert is about: it answers where Prometheus scrapes it. */
export function command(name: string): string {
  return `loopscope ${name} {{ $labels.instance }}`
}

/** A sentence that names who held the loop most, from what delay-recording.ts records; empty where no block was seen. */
export const WORST_CULPRIT =
  `{{ with printf "topk(1, ${CULPRITS}{job=%q,instance=%q,loopscope_instance=%q})"` +
  ' $labels.job $labels.instance $labels.loopscope_instance | query }}{{ with first . }}' +
  ' Worst culprit of the last 5 minutes: {{ .Labels.code_function_name }} ({{ .Labels.code_file_path }})' +
  '{{ with .Labels.http_route }} in {{ . }}{{ end }}.{{ end }}{{ end }}'
