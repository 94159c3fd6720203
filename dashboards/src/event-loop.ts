/** The dashboard *Event loop*. */
import {
  DashboardBuilder,
  DashboardCursorSync,
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  RowBuilder,
  VariableRefresh,
  VariableSort,
  type Dashboard,
  type VariableModel,
} from '@grafana/grafana-foundation-sdk/dashboard'
import type { Builder } from '@grafana/grafana-foundation-sdk/cog'
import { DATASOURCE, panelBuilder } from './grafana.ts'
import { EVENT_LOOP } from './panels/index.ts'
import { metric } from './promql.ts'

export function eventLoopDashboard(): Dashboard {
  const dashboard = new DashboardBuilder('Event loop')
    .uid('loopscope-event-loop')
    .description(
      'Is the event loop of these Node.js processes healthy, what blocks it, who suffers. Made by loopscope.',
    )
    .tags(['loopscope', 'nodejs', 'event-loop'])
    .refresh('10s')
    .time({ from: 'now-30m', to: 'now' })
    .timezone('browser')
    .tooltip(DashboardCursorSync.Crosshair)
    .editable()
    .variables([
      new DatasourceVariableBuilder('datasource').label('Data source').type('prometheus'),
      labelVariable('job', 'Job', `label_values(${UTILISATION}, job)`),
      labelVariable('instance', 'Instance', `label_values(${UTILISATION}{job=~"$job"}, loopscope_instance)`),
    ])
  for (const row of EVENT_LOOP) {
    dashboard.withRow(new RowBuilder(row.title))
    for (const panel of row.panels) dashboard.withPanel(panelBuilder(panel))
  }
  return dashboard.build()
}

/** A series that each instance always has. */
const UTILISATION = metric('utilization')

function labelVariable(name: string, label: string, query: string): Builder<VariableModel> {
  return new QueryVariableBuilder(name)
    .label(label)
    .datasource(DATASOURCE)
    .query({ query, refId: name })
    .definition(query)
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .sort(VariableSort.NaturalAsc)
    .multi(true)
    .includeAll(true)
    .allValue('.*')
    .current({ selected: true, text: ['All'], value: ['$__all'] })
}
