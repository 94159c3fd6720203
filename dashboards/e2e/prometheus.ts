/** A real Prometheus in a temp directory, and the parts of its API that a dashboard uses. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { toYaml } from '../src/generated-files.ts'
import { prometheusConfig } from '../src/prometheus-config.ts'
import { ruleFile } from '../src/rules/index.ts'
import type { RuleParameters } from '../src/rules/objective.ts'
import type { Cleanup } from './cleanup.ts'
import { freePort, start } from './process.ts'

export interface Series {
  metric: Record<string, string>
  /** Those that are numbers. */
  values: number[]
}

export interface Alert {
  labels: Record<string, string>
  annotations: Record<string, string>
  state: 'pending' | 'firing'
  value: string
}

export interface Prometheus {
  url: string
  instant(expr: string): Promise<Series[]>
  range(expr: string, seconds: number, step: number): Promise<Series[]>
  labelValues(label: string, match: string): Promise<string[]>
  alerts(name: string): Promise<Alert[]>
  /** The last error of the scrape of each target; empty strings when all is well. */
  scrapeErrors(): Promise<string[]>
  /** The rules that could not be evaluated, each with its error. */
  ruleErrors(): Promise<string[]>
}

export async function startPrometheus(
  cleanup: Cleanup,
  options: { targets: string[]; rules: RuleParameters },
): Promise<Prometheus> {
  const directory = await mkdtemp(join(tmpdir(), 'loopscope-prometheus-'))
  cleanup.add('the directory of Prometheus', () => rm(directory, { recursive: true, force: true }))
  const config = prometheusConfig({
    scrapeInterval: '1s',
    targets: options.targets,
    ruleFiles: ['loopscope-rules.yaml'],
  })
  await writeFile(join(directory, 'prometheus.yml'), toYaml(config))
  await writeFile(join(directory, 'loopscope-rules.yaml'), toYaml(ruleFile(options.rules)))

  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const server = start('prometheus', 'prometheus', [
    `--config.file=${join(directory, 'prometheus.yml')}`,
    `--storage.tsdb.path=${join(directory, 'data')}`,
    `--web.listen-address=127.0.0.1:${port}`,
    '--log.level=warn',
  ])
  cleanup.add('Prometheus', () => server.stop())
  await server.until('it is ready', async () => {
    const response = await fetch(`${url}/-/ready`).catch(() => undefined)
    return response?.ok ? true : undefined
  })
  return api(url)
}

function api(url: string): Prometheus {
  return {
    url,
    async instant(expr) {
      const { result } = await ask<{ result: Raw[] }>(url, 'query', { query: expr })
      return result.map(({ metric, value }) => ({ metric, values: numbers(value ? [value] : []) }))
    },
    async range(expr, seconds, step) {
      const end = Date.now() / 1000
      const window = { start: String(end - seconds), end: String(end), step: String(step) }
      const { result } = await ask<{ result: Raw[] }>(url, 'query_range', { query: expr, ...window })
      return result.map(({ metric, values }) => ({ metric, values: numbers(values ?? []) }))
    },
    labelValues: (label, match) => ask(url, `label/${label}/values`, { 'match[]': match }),
    async alerts(name) {
      const { alerts } = await ask<{ alerts: Alert[] }>(url, 'alerts')
      return alerts.filter((alert) => alert.labels.alertname === name)
    },
    async scrapeErrors() {
      const { activeTargets } = await ask<{ activeTargets: { lastError: string }[] }>(url, 'targets')
      return activeTargets.map((target) => target.lastError)
    },
    async ruleErrors() {
      const { groups } = await ask<{ groups: { rules: { name: string; lastError?: string }[] }[] }>(url, 'rules')
      const rules = groups.flatMap((group) => group.rules)
      return rules.filter((rule) => rule.lastError).map((rule) => `${rule.name}: ${rule.lastError}`)
    },
  }
}

interface Raw {
  metric: Record<string, string>
  value?: [number, string]
  values?: [number, string][]
}

function numbers(samples: [number, string][]): number[] {
  return samples.map(([, text]) => Number(text)).filter((value) => !Number.isNaN(value))
}

async function ask<T>(url: string, path: string, parameters: Record<string, string> = {}): Promise<T> {
  const response = await fetch(`${url}/api/v1/${path}?${new URLSearchParams(parameters)}`)
  const answer = (await response.json()) as { status: string; error?: string; data: T }
  if (answer.status !== 'success')
    throw new Error(`Prometheus says: ${answer.error}\n  to ${JSON.stringify(parameters)}`)
  return answer.data
}
