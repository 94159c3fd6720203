/**
 * The whole line: a real server under the agent and under load, scraped by a real Prometheus; every query of the
 * dashboard is asked, and the alerts are seen to fire and to end. The queries come from the file that is shipped.
 */
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { EVENT_LOOP } from '../src/panels/index.ts'
import { metric } from '../src/promql.ts'
import type { RuleParameters } from '../src/rules/objective.ts'
import { createCleanup } from './cleanup.ts'
import { until, type Running } from './process.ts'
import { startPrometheus, type Prometheus, type Series } from './prometheus.ts'
import { blockLoop, startLoad, startShop, type Shop } from './shop.ts'
import { substitute } from './variables.ts'

/** The shipped rules, only faster: windows of seconds instead of hours. */
const RULES: RuleParameters = {
  fast: { severity: 'critical', long: '20s', short: '10s', factor: 5 },
  slow: { severity: 'warning', long: '60s', short: '15s', factor: 1 },
  blockedSeconds: 1,
}
/** The load is on for this long before the first query: enough for each trouble of the mix to be seen. */
const WARM_UP_SECONDS = 25
const LOAD_SECONDS = 120
const WINDOW = { rateInterval: 20, range: 60 }

interface ShippedPanel {
  type: string
  title: string
  targets?: { expr: string; legendFormat: string; instant?: boolean }[]
}

const shipped = JSON.parse(await readFile(new URL('../generated/event-loop.json', import.meta.url), 'utf8')) as {
  panels: ShippedPanel[]
  templating: { list: { name: string; definition?: string }[] }
}

describe('the dashboard and the alerts on a server under load', { timeout: 170_000 }, () => {
  const cleanup = createCleanup()
  let shop: Shop
  let load: Running
  let prometheus: Prometheus

  before(async () => {
    shop = await startShop(cleanup)
    prometheus = await startPrometheus(cleanup, { targets: [shop.agent], rules: RULES })
    load = startLoad(cleanup, shop, LOAD_SECONDS)
    await sleep(WARM_UP_SECONDS * 1000)
  })

  after(() => cleanup.run())

  test('Prometheus scrapes the agent without an error, and evaluates the rules without one', async () => {
    assert.deepEqual(await prometheus.scrapeErrors(), [''])
    assert.deepEqual(await prometheus.ruleErrors(), [])
  })

  test('the variables of the dashboard offer the job and the instance', async () => {
    assert.deepEqual(await offered('job', '.*'), ['loopscope'])
    assert.equal((await offered('instance', 'loopscope')).length, 1)
  })

  for (const panel of shipped.panels.filter((panel) => panel.targets)) {
    test(`panel "${panel.title}" shows something`, async () => {
      const declared = EVENT_LOOP.flatMap((row) => row.panels).find(({ title }) => title === panel.title)
      assert.ok(declared, `${panel.title} is not in src/panels: run npm run generate --workspace dashboards`)
      for (const [index, target] of panel.targets!.entries()) {
        const expr = substitute(target.expr, { job: '.*', instance: '.*', ...WINDOW })
        const ask = (): Promise<Series[]> =>
          target.instant ? prometheus.instant(expr) : prometheus.range(expr, WINDOW.range, 5)
        if (declared.queries[index]?.mayBeEmpty) {
          await ask()
          continue
        }
        const series = await until(expr, async () => filled(await ask()), 15_000)
        for (const [, label] of target.legendFormat.matchAll(/\{\{(\w+)\}\}/g)) {
          assert.ok(
            series.some((one) => one.metric[label!]),
            `no series has the label ${label}: ${expr}`,
          )
        }
      }
    })
  }

  test('the numbers are of the size that their units say', async () => {
    const wrong: string[] = []
    for (const { expr, from, to } of [
      { expr: `rate(${metric('delay', 'count')}[20s])`, from: 900, to: 1100 },
      { expr: `sum(rate(${metric('requestDuration', 'count')}[20s]))`, from: 75, to: 225 },
      // A reading is up to two seconds old: the agent takes one a second, and so does Prometheus.
      { expr: metric('processUptime'), from: WARM_UP_SECONDS - 2, to: 170 },
      { expr: `sum(rate(${metric('processCpuTime')}[20s]))`, from: 0.05, to: 4 },
      { expr: `rate(${metric('agentCpuTime')}[20s])`, from: 0.001, to: 0.3 },
      { expr: metric('processMemory'), from: 5e7, to: 2e9 },
      { expr: metric('connectionLimit'), from: 10, to: 10 },
    ]) {
      const [one] = await prometheus.instant(expr)
      const value = one?.values[0] ?? NaN
      if (!(value >= from && value <= to)) wrong.push(`${expr} is ${value}, not from ${from} to ${to}`)
    }
    assert.deepEqual(wrong, [])
  })

  test('the planted culprit is in the table of blocks by function, file and route', async () => {
    const table = EVENT_LOOP.flatMap((row) => row.panels).find((panel) => panel.columns?.code_function_name)
    assert.ok(table)
    const expr = substitute(table.queries[0]!.expr, { job: '.*', instance: '.*', ...WINDOW })
    const rows = await prometheus.instant(expr)
    const login = rows.find(({ metric }) => metric.code_function_name === 'hashPassword')
    assert.ok(login, `hashPassword is not among ${rows.map(({ metric }) => metric.code_function_name).join(', ')}`)
    assert.equal(login.metric.http_route, '/login')
    assert.match(login.metric.code_file_path ?? '', /troubles\.js$/)
    assert.ok(login.values[0]! > 0.05, 'it held the loop for more than one block')
  })

  test('EventLoopLagHigh fires and names who holds the loop', async () => {
    const alert = await until('EventLoopLagHigh fires', () => firing('EventLoopLagHigh'), 40_000)
    assert.match(alert.annotations.summary ?? '', /Worst culprit of the last 5 minutes: \w+ \(.*\.js\) in \//)
    assert.ok(alert.annotations.description?.includes(`loopscope blocks ${shop.agent}`))
  })

  test('EventLoopBlockedNow fires while a route holds the loop, and ends when it does', async () => {
    await load.stop()
    assert.equal(await firing('EventLoopBlockedNow'), undefined, 'it fires although nothing blocks')

    let free = false
    const block = blockLoop(shop, 4).finally(() => (free = true))
    const alert = await until('EventLoopBlockedNow fires', () => firing('EventLoopBlockedNow'), 30_000)
    assert.equal(free, false, 'it fired only after the loop was free again')
    assert.ok(Number(alert.value) > 1)
    assert.match(alert.annotations.summary ?? '', /is blocked for [\d.]+s? ?.* and counting/)
    assert.equal(await firing('EventLoopBlockedNow').then((still) => still?.state), 'firing')

    const { heldMs } = await block
    assert.ok(heldMs > 2000, `the loop was held for ${heldMs} ms only`)
    await until(
      'EventLoopBlockedNow ends',
      async () => ((await firing('EventLoopBlockedNow')) ? undefined : true),
      15_000,
    )
  })

  test('every rule was evaluated without an error to the end, and the shop stops when asked to', async () => {
    assert.deepEqual(await prometheus.ruleErrors(), [])
    assert.equal(await shop.process.stop(), 0, shop.process.output())
  })

  async function firing(name: string) {
    return (await prometheus.alerts(name)).find((alert) => alert.state === 'firing')
  }

  async function offered(name: string, job: string): Promise<string[]> {
    const definition = shipped.templating.list.find((variable) => variable.name === name)?.definition ?? ''
    const match = /^label_values\((.*), (\w+)\)$/.exec(definition)
    assert.ok(match, `${name} is not a list of label values: ${definition}`)
    return prometheus.labelValues(match[2]!, match[1]!.replaceAll('$job', job))
  }
})

/** The series with at least one number, or nothing. */
function filled(series: Series[]): Series[] | undefined {
  const some = series.filter(({ values }) => values.length > 0)
  return some.length > 0 ? some : undefined
}
