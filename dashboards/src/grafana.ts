/** Panels as data to Grafana's classic schema. The only file that knows the foundation SDK beside event-loop.ts. */
import type { Builder } from '@grafana/grafana-foundation-sdk/cog'
import * as common from '@grafana/grafana-foundation-sdk/common'
import * as dashboard from '@grafana/grafana-foundation-sdk/dashboard'
import * as heatmap from '@grafana/grafana-foundation-sdk/heatmap'
import * as prometheus from '@grafana/grafana-foundation-sdk/prometheus'
import * as stat from '@grafana/grafana-foundation-sdk/stat'
import * as table from '@grafana/grafana-foundation-sdk/table'
import * as timeseries from '@grafana/grafana-foundation-sdk/timeseries'
import { describe, type Panel } from './panel.ts'

export const DATASOURCE: common.DataSourceRef = { type: 'prometheus', uid: '${datasource}' }

const HEIGHT = { stat: 4, timeseries: 8, heatmap: 9, table: 9 } as const

export function panelBuilder(panel: Panel): Builder<dashboard.Panel> {
  const builder = BUILDERS[panel.kind](panel)
  for (const [index, query] of queriesOf(panel).entries()) builder.withTarget(query.refId('ABCDEFGH'.charAt(index)))
  builder
    .title(panel.title)
    .description(describe(panel))
    .datasource(DATASOURCE)
    .unit(panel.unit)
    .height(HEIGHT[panel.kind])
    .span(panel.width ?? 12)
  if (panel.look !== undefined || panel.red !== undefined) builder.thresholds(thresholds(panel))
  return builder
}

/** What the builders of all kinds have in common. */
interface AnyBuilder extends Builder<dashboard.Panel> {
  withTarget(target: Builder<prometheus.Dataquery>): this
  title(title: string): this
  description(description: string): this
  datasource(datasource: common.DataSourceRef): this
  unit(unit: string): this
  height(rows: number): this
  span(columns: number): this
  thresholds(thresholds: Builder<dashboard.ThresholdsConfig>): this
}

const BUILDERS: Record<Panel['kind'], (panel: Panel) => AnyBuilder> = {
  stat: (panel) => {
    const builder = new stat.PanelBuilder()
      .reduceOptions(new common.ReduceDataOptionsBuilder().calcs(['lastNotNull']))
      .colorMode(common.BigValueColorMode.Value)
      .graphMode(common.BigValueGraphMode.Area)
      .min(0)
    return panel.max === undefined ? builder : builder.max(panel.max)
  },

  timeseries: (panel) => {
    const builder = new timeseries.PanelBuilder()
      .min(0)
      .lineWidth(1)
      .fillOpacity(panel.stacked ? 40 : 8)
      .showPoints(common.VisibilityMode.Never)
      .legend(
        new common.VizLegendOptionsBuilder()
          .displayMode(common.LegendDisplayMode.Table)
          .placement(common.LegendPlacement.Bottom)
          .showLegend(true)
          .calcs(['lastNotNull', 'max']),
      )
      .tooltip(
        new common.VizTooltipOptionsBuilder().mode(common.TooltipDisplayMode.Multi).sort(common.SortOrder.Descending),
      )
    if (panel.stacked) builder.stacking(new common.StackingConfigBuilder().mode(common.StackingMode.Normal).group('A'))
    if (panel.look !== undefined) {
      builder.thresholdsStyle(
        new common.GraphThresholdsStyleConfigBuilder().mode(common.GraphThresholdsStyleMode.Dashed),
      )
    }
    return panel.max === undefined ? builder : builder.max(panel.max)
  },

  heatmap: (panel) =>
    new heatmap.PanelBuilder()
      .calculate(false)
      .cellGap(0)
      .yAxis(new heatmap.YAxisConfigBuilder().unit(panel.unit).axisPlacement(common.AxisPlacement.Left))
      .cellValues(new heatmap.CellValuesBuilder().unit('short'))
      .filterValues(new heatmap.FilterValueRangeBuilder().le(1e-9))
      .color(
        new heatmap.HeatmapColorOptionsBuilder()
          .mode(heatmap.HeatmapColorMode.Scheme)
          .scheme('Oranges')
          .fill('dark-orange')
          // Rare long delays are what one looks for: a steep scale makes a cell of 1 ms per second visible beside one of 990.
          .scale(heatmap.HeatmapColorScale.Exponential)
          .exponent(0.25)
          .steps(64)
          .reverse(false),
      )
      .tooltip(new heatmap.HeatmapTooltipBuilder().mode(common.TooltipDisplayMode.Single).yHistogram(true))
      .hideLegend(),

  table: (panel) => {
    const columns = Object.entries(panel.columns ?? {})
    const builder = new table.PanelBuilder()
      .filterable(true)
      .withTransformation({ id: 'merge', options: {} })
      .withTransformation({
        id: 'organize',
        options: {
          excludeByName: { Time: true },
          indexByName: Object.fromEntries(columns.map(([name], index) => [name, index])),
          renameByName: Object.fromEntries(columns.map(([name, column]) => [name, column.heading])),
        },
      })
    const values = columns.find(([name]) => name === 'Value #A')
    if (values) builder.sortBy([new common.TableSortByFieldStateBuilder().displayName(values[1].heading).desc(true)])
    for (const [, column] of columns) {
      const properties: dashboard.DynamicConfigValue[] = []
      if (column.unit) properties.push({ id: 'unit', value: column.unit })
      if (column.width) properties.push({ id: 'custom.width', value: column.width })
      if (properties.length > 0) builder.overrideByName(column.heading, properties)
    }
    return builder
  },
}

function queriesOf(panel: Panel): prometheus.DataqueryBuilder[] {
  return panel.queries.map(({ expr, legend }) => {
    const query = new prometheus.DataqueryBuilder().datasource(DATASOURCE).expr(expr).legendFormat(legend)
    if (panel.kind === 'table') return query.format(prometheus.PromQueryFormat.Table).instant()
    return query
      .format(panel.kind === 'heatmap' ? prometheus.PromQueryFormat.Heatmap : prometheus.PromQueryFormat.TimeSeries)
      .range()
  })
}

function thresholds(panel: Panel): dashboard.ThresholdsConfigBuilder {
  const steps: dashboard.Threshold[] = [{ value: null, color: 'green' }]
  if (panel.look !== undefined) steps.push({ value: panel.look, color: 'yellow' })
  if (panel.red !== undefined) steps.push({ value: panel.red, color: 'red' })
  return new dashboard.ThresholdsConfigBuilder().mode(dashboard.ThresholdsMode.Absolute).steps(steps)
}
