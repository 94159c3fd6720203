/** A panel as data: one file of panels/ holds one of these, and nothing else knows about it but the dashboard that lists it. */
export interface Panel {
  title: string
  /** What it shows. */
  shows: string
  /** When it is bad. */
  bad: string
  /** What to do then. */
  act: string
  kind: 'stat' | 'timeseries' | 'heatmap' | 'table'
  /** As Grafana names it: `s`, `percentunit`, `bytes`, `short`. */
  unit: string
  queries: Query[]
  /** Of the 24 columns of the grid; 12 unless said. */
  width?: number
  /** Series add up to a whole. */
  stacked?: true
  max?: number
  /** From these values on: yellow (look), red (act). */
  look?: number
  red?: number
  /** The columns of a table, in order: label or `Value #A` to heading; with a unit where it is not text. */
  columns?: Record<string, { heading: string; unit?: string; width?: number }>
}

export interface Query {
  expr: string
  legend: string
  /** Why no series may come back while the example shop is under load; without it, none is a failure of the end-to-end test. */
  mayBeEmpty?: string
}

export function describe(panel: Panel): string {
  return `${panel.shows}\n\n**Bad:** ${panel.bad}\n\n**Then:** ${panel.act}`
}
