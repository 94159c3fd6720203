/** Every file of generated/, by name. */
import { stringify } from 'yaml'
import { eventLoopDashboard } from './event-loop.ts'
import { DEFAULT_PARAMETERS } from './rules/objective.ts'
import { ruleFile } from './rules/index.ts'
import { prometheusConfig } from './prometheus-config.ts'

const HEADER = '# Made by loopscope (npm run generate --workspace dashboards). Change dashboards/src, not this file.\n'

export function generatedFiles(): Record<string, string> {
  return {
    'event-loop.json': `${JSON.stringify(eventLoopDashboard(), null, 2)}\n`,
    'loopscope-rules.yaml': HEADER + toYaml(ruleFile(DEFAULT_PARAMETERS)),
    'prometheus.yml':
      '# An example: where Prometheus finds your processes. Set the targets, keep the rest.\n' +
      toYaml(
        prometheusConfig({ scrapeInterval: '5s', targets: ['127.0.0.1:9464'], ruleFiles: ['loopscope-rules.yaml'] }),
      ),
  }
}

export function toYaml(value: unknown): string {
  return stringify(value, { lineWidth: 0, aliasDuplicateObjects: false, blockQuote: 'literal' })
}
